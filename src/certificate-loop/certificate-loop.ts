import {
  MAX_CERTIFICATE_WAIT_MS,
  planCertificate,
  type CertificateStep,
  type ObservedCertificate,
} from '../certificates/plan-certificate.ts';
import type { ServingPair } from '../certificates/tls-secret.ts';
import { readTrustSnapshot, TrustAge } from '../certificates/trust-age.ts';
import { backoffDelay, type Backoff } from '../time/backoff.ts';
import type { Milliseconds } from '../time/units.ts';
import { WakeSignal } from '../time/wake-signal.ts';
import type { CertificateLoopOptions } from './certificate-loop-options.ts';
import { CertificateReadiness } from './certificate-readiness.ts';
import { CertificateWrites } from './certificate-writes.ts';

const RETRY: Backoff = { first: 1_000, longest: 30_000 };

/** Issues, trusts, serves and renews, until it is stopped: one step after the other, each after a new look. */
export class CertificateLoop {
  readonly #options: CertificateLoopOptions;
  readonly #writes: CertificateWrites;
  readonly #readiness: CertificateReadiness;
  readonly #trustAge = new TrustAge();
  readonly #stopping = new AbortController();
  /** Something changed, or it is to stop. */
  readonly #waking = new WakeSignal();
  #lastTried: ObservedCertificate['lastTried'];
  #isServed = false;
  /** The problem that is in the log. */
  #lastProblem: string | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: CertificateLoopOptions) {
    this.#options = options;
    this.#writes = new CertificateWrites(options);
    this.#readiness = new CertificateReadiness(`${options.namespace}/${options.name}`);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** For `/readyz`: why no trusted certificate is served yet; `undefined` as soon as one is. */
  missing(): string | undefined {
    return this.#readiness.missing(this.#options.store.problem);
  }

  /** Ends after the current write. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waking.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, clock, onLook } = this.#options;
    store.subscribe(() => this.#waking.wake());
    while (!this.#stopping.signal.aborted) {
      const { signal } = this.#waking;
      const time = Math.min(await this.#step(), onLook());
      if (time > 0) await clock.sleep(time, signal);
    }
  }

  /** Does one thing; how long to wait before the next look, unless something changes. */
  async #step(): Promise<Milliseconds> {
    try {
      const step = this.#plan();
      if (step === undefined) return MAX_CERTIFICATE_WAIT_MS;
      const time = await this.#perform(step);
      if (step.do !== 'blocked') this.#lastProblem = undefined;
      this.#failures = 0;
      this.#readiness.end(undefined);
      return time;
    } catch (error) {
      this.#readiness.end(this.#describe(error));
      this.#failures += 1;
      // This pause ignores changes: woken by each of them, the loop would be refused again at once.
      const pause = backoffDelay(RETRY, this.#failures, Math.random);
      await this.#options.clock.sleep(pause, this.#stopping.signal);
      return 0;
    }
  }

  /** The next step; `undefined` until the state of the cluster is known. */
  #plan(): CertificateStep | undefined {
    const { store, namespace, clock } = this.#options;
    const secret = store.secret();
    const configurations = store.configurations();
    if (secret === undefined || configurations === undefined) return undefined;
    const now = clock.now();
    const trust = this.#trustAge.observe(readTrustSnapshot(secret, configurations, now), clock.monotonic());
    const observed: ObservedCertificate = {
      namespace,
      secret,
      configurations,
      lastTried: this.#lastTried,
      trust: trust ?? { trustedFor: 0, seenFor: 0 },
      now,
    };
    const step = planCertificate(observed);
    this.#readiness.update(observed, step, { isTrusted: trust !== undefined, isServed: this.#isServed });
    return step;
  }

  async #perform(step: CertificateStep): Promise<Milliseconds> {
    switch (step.do) {
      case 'blocked':
        this.#logOnce(step.why, 'the webhook’s certificate cannot be kept');
        return MAX_CERTIFICATE_WAIT_MS;
      case 'wait':
        return step.for;
      case 'issue':
        return this.#writes.issue(step);
      case 'trust':
        return this.#writes.trust(step);
      case 'serve':
        return this.#serve(step.pair);
      case 'retire':
        return this.#writes.retire(step);
      default:
        return step satisfies never;
    }
  }

  #serve(pair: ServingPair): Milliseconds {
    const problem = this.#options.serve(pair);
    this.#lastTried = pair.cert;
    if (problem === undefined) {
      this.#isServed = true;
      return 0;
    }
    this.#readiness.refuse(problem);
    this.#logOnce(problem, 'the new certificate cannot be used, the old one stays');
    return MAX_CERTIFICATE_WAIT_MS;
  }

  /** Logs the error and says it in one line. */
  #describe(error: unknown): string {
    const problem = this.#options.describeProblem(error);
    if (problem === undefined) {
      this.#options.log.error({ err: error }, 'internal error while the certificate was kept');
      return 'an internal error: see the log';
    }
    this.#logOnce(problem, 'the webhook’s certificate cannot be kept, trying again');
    return problem;
  }

  /** Once, until another problem comes or all is well in between. */
  #logOnce(problem: string, message: string): void {
    if (this.#lastProblem === problem) return;
    this.#lastProblem = problem;
    const { log, namespace, name } = this.#options;
    log.error({ secret: `${namespace}/${name}`, problem }, message);
  }
}
