import type { Logger } from 'pino';
import type { CertificateRequest } from '../certificates/issue-certificate.ts';
import {
  isTrusted,
  planCertificate,
  type CertificateStep,
  type ObservedCertificate,
} from '../certificates/plan-certificate.ts';
import type { ServingPair, TlsSecret, TlsSecretData } from '../certificates/tls-secret.ts';
import type { BundleChange, WebhookConfiguration } from '../certificates/webhook-configuration.ts';
import { writeCertificates } from '../certificates/read-certificates.ts';
import { backoffDelay, type Backoff } from '../time/backoff.ts';
import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { WritePace } from './write-pace.ts';

/** Where the certificate lies and who must trust it; `kube/certificate-store.ts` fits. Writes say whether they held. */
export interface CertificateStore {
  readonly secret: () => TlsSecret | undefined;
  readonly configurations: () => readonly WebhookConfiguration[] | undefined;
  readonly problem: () => string | undefined;
  readonly subscribe: (listener: () => void) => void;
  readonly writeSecret: (data: Partial<TlsSecretData>, over: string | undefined) => Promise<boolean>;
  readonly writeBundles: (seen: WebhookConfiguration, changes: readonly BundleChange[]) => Promise<boolean>;
}

/** What keeping a certificate needs. */
export interface CertificateKeeping {
  readonly store: CertificateStore;
  /** Loaded when it is needed: a replica that finds a certificate needs no issuer. */
  readonly issue: (request: CertificateRequest) => Promise<TlsSecretData>;
  /** Of the Secret. */
  readonly namespace: string;
  readonly name: string;
  /** Takes the pair into use; the problem is one sentence. */
  readonly serve: (pair: ServingPair) => string | undefined;
  /** At each step, at least every six hours. */
  readonly onLook: () => void;
  /** A write failed: in one line; `undefined` if it is a bug. */
  readonly explain: (error: unknown) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A certificate that is kept. */
export interface KeptCertificate {
  /** For `/readyz`: why no trusted certificate is served yet; `undefined` as soon as one is. */
  readonly missing: () => string | undefined;
  /** Ends after the write that is under way. */
  readonly stop: () => Promise<void>;
}

/** Whoever was faster is seen within a moment; this is for a watch that is late. */
const AFTER_CONFLICT_MS = 1_000;
/** Without a change there is nothing to do; but the age of the certificate is looked at. */
const LONGEST_REST_MS = 6 * 3_600_000;
const RETRY: Backoff = { firstMs: 1_000, longestMs: 30_000 };

/** Issues, trusts, serves and renews, until it is stopped: one step after the other, each after a new look. */
export function keepCertificate(keeping: CertificateKeeping): KeptCertificate {
  const keeper = new CertificateKeeper(keeping);
  const running = keeper.run();
  return {
    missing: () => keeper.missing(),
    stop: () => {
      keeper.stop();
      return running;
    },
  };
}

class CertificateKeeper {
  readonly #keeping: CertificateKeeping;
  readonly #stopping = new AbortController();
  /** Aborted and replaced to wake `run`: something changed, or it is to stop. */
  #waking = new AbortController();
  #inUse: string | undefined;
  /** Since when all bundles trust the authority that signs, by the clock that never goes back. */
  #trustedAt: Milliseconds | undefined;
  #isFirstLook = true;
  #wasReady = false;
  #missing = 'the Secret and the webhook configurations were not listed yet';
  /** Why the last step failed, in the words of the API server. */
  #problem: string | undefined;
  /** Told once, not at each look. */
  #told: string | undefined;
  #failures = 0;
  readonly #issued = new WritePace();
  readonly #bundled = new WritePace();

  constructor(keeping: CertificateKeeping) {
    this.#keeping = keeping;
  }

  missing(): string | undefined {
    if (this.#wasReady) return undefined;
    const unlisted = this.#isFirstLook ? this.#keeping.store.problem() : undefined;
    return this.#problem ?? (unlisted === undefined ? this.#missing : `${this.#missing} (${unlisted})`);
  }

  stop(): void {
    this.#stopping.abort();
    this.#wake();
  }

  async run(): Promise<void> {
    this.#keeping.store.subscribe(() => this.#wake());
    while (!this.#stopping.signal.aborted) {
      const waking = this.#waking.signal;
      const time = await this.#step();
      this.#keeping.onLook();
      if (time > 0) await this.#keeping.clock.sleep(time, waking);
    }
  }

  /** Does one thing; how long to wait before the next look, unless something changes. */
  async #step(): Promise<Milliseconds> {
    try {
      const observed = this.#observe();
      if (observed === undefined) return LONGEST_REST_MS;
      const step = planCertificate(observed);
      this.#noteReady(observed, step);
      const time = await this.#perform(step);
      if (step.type !== 'blocked') this.#told = undefined;
      this.#failures = 0;
      this.#problem = undefined;
      return time;
    } catch (error) {
      const { explain, log, clock } = this.#keeping;
      const problem = explain(error);
      this.#problem = problem ?? 'an internal error: see the log';
      if (problem === undefined) log.error({ err: error }, 'internal error while the certificate was kept');
      else this.#tell(problem, 'the webhook’s certificate cannot be kept, trying again');
      this.#failures += 1;
      // Not woken by what it is about: the refusal would come again at once.
      await clock.sleep(backoffDelay(RETRY, this.#failures, Math.random), this.#stopping.signal);
      return 0;
    }
  }

  #observe(): ObservedCertificate | undefined {
    const { store, namespace, clock } = this.#keeping;
    const secret = store.secret();
    const configurations = store.configurations();
    if (secret === undefined || configurations === undefined) return undefined;
    const monotonic = clock.monotonic();
    if (!isTrusted({ secret, configurations })) this.#trustedAt = undefined;
    else this.#trustedAt ??= this.#isFirstLook ? Number.NEGATIVE_INFINITY : monotonic;
    this.#isFirstLook = false;
    const trustedFor = this.#trustedAt === undefined ? 0 : monotonic - this.#trustedAt;
    const now = clock.now();
    return { namespace, secret, configurations, inUse: this.#inUse, trustedFor, now };
  }

  #noteReady({ secret }: ObservedCertificate, step: CertificateStep): void {
    const { namespace, name } = this.#keeping;
    if (step.type === 'blocked') this.#missing = `Secret ${namespace}/${name}: ${step.why}`;
    else if (secret.kind === 'absent') this.#missing = 'the certificate is being issued';
    else if (this.#trustedAt === undefined)
      this.#missing = 'the caBundle of the webhook configurations lacks its CA';
    this.#wasReady ||= this.#inUse !== undefined && this.#trustedAt !== undefined;
  }

  async #perform(step: CertificateStep): Promise<Milliseconds> {
    switch (step.type) {
      case 'blocked':
        this.#tell(step.why, 'the webhook’s certificate cannot be kept');
        return LONGEST_REST_MS;
      case 'rest':
        return step.time;
      case 'issue':
        return this.#issued.waitAt(this.#keeping.clock.monotonic()) || this.#issue(step);
      case 'trust':
        return this.#bundled.waitAt(this.#keeping.clock.monotonic()) || this.#trust(step);
      case 'serve':
        return this.#serve(step.pair);
      case 'retire':
        return this.#retire(step);
      default:
        return step satisfies never;
    }
  }

  async #issue({
    cause,
    by,
    over,
    retired,
    hosts,
  }: Extract<CertificateStep, { type: 'issue' }>): Promise<Milliseconds> {
    const { issue, store, namespace, clock, log } = this.#keeping;
    const data = await issue({ by, retired, hosts, namespace, now: clock.now() });
    if (!(await store.writeSecret(data, over))) return AFTER_CONFLICT_MS;
    log.info(
      { cause, authority: by === undefined ? 'new' : 'kept', hosts },
      'issued a certificate for the webhook',
    );
    if (this.#issued.note(clock.monotonic())) this.#tellContended('the Secret of the webhook’s certificate');
    return 0;
  }

  async #trust({
    configuration,
    changes,
  }: Extract<CertificateStep, { type: 'trust' }>): Promise<Milliseconds> {
    const { store, clock, log } = this.#keeping;
    if (!(await store.writeBundles(configuration, changes))) return AFTER_CONFLICT_MS;
    const { kind } = configuration;
    log.info(
      { kind, webhooks: changes.map(({ name }) => name) },
      'set caBundle of the webhook configuration',
    );
    if (this.#bundled.note(clock.monotonic())) this.#tellContended('caBundle of the webhook configurations');
    return 0;
  }

  async #retire({ secret, keep }: Extract<CertificateStep, { type: 'retire' }>): Promise<Milliseconds> {
    const { store, log } = this.#keeping;
    if (!(await store.writeSecret({ 'ca.crt': writeCertificates(keep) }, secret.resourceVersion)))
      return AFTER_CONFLICT_MS;
    log.info({ trusted: keep.length }, 'the CA before the present one is not trusted any more');
    return 0;
  }

  #serve(pair: ServingPair): Milliseconds {
    const problem = this.#keeping.serve(pair);
    this.#inUse = pair.cert; // also one that TLS does not take: looked at once
    if (problem === undefined) return 0;
    this.#missing = problem;
    this.#tell(problem, 'the new certificate cannot be used, the old one stays');
    return LONGEST_REST_MS;
  }

  /** Once, until another problem comes or all is well in between. */
  #tell(problem: string, message: string): void {
    if (this.#told === problem) return;
    this.#told = problem;
    const { log, namespace, name } = this.#keeping;
    log.error({ secret: `${namespace}/${name}`, problem }, message);
  }

  #tellContended(what: string): void {
    this.#keeping.log.warn(`somebody else keeps changing ${what}: it is put right more and more slowly`);
  }

  #wake(): void {
    this.#waking.abort();
    this.#waking = new AbortController();
  }
}
