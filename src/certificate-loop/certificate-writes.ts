import type { CertificateStep } from '../certificates/plan-certificate.ts';
import { certificatesToPem } from '../certificates/read-certificates.ts';
import type { Milliseconds } from '../time/units.ts';
import type { CertificateLoopOptions } from './certificate-loop-options.ts';
import { WritePace } from './write-pace.ts';

type Step<Do extends CertificateStep['do']> = Extract<CertificateStep, { do: Do }>;

/** The write of another replica is usually seen at once; this is for a watch that is late. */
const AFTER_CONFLICT_MS = 1_000;

/**
 * The steps that write. Each gives how long to wait before the next look: 0 once it is done, longer if somebody was faster, or
 * keeps changing the same thing. Each throws what the API server answers.
 */
export class CertificateWrites {
  readonly #options: CertificateLoopOptions;
  readonly #issued = new WritePace();
  readonly #trusted = new WritePace();

  constructor(options: CertificateLoopOptions) {
    this.#options = options;
  }

  async issue({ cause, signer, replacedVersion, retired, hosts }: Step<'issue'>): Promise<Milliseconds> {
    const { issue, store, namespace, clock, log } = this.#options;
    const wait = this.#issued.waitAt(clock.monotonic());
    if (wait > 0) return wait;
    const data = await issue({ signer, retired, hosts, namespace, now: clock.now() });
    if (!(await store.writeSecret(data, replacedVersion))) return AFTER_CONFLICT_MS;
    const authority = signer === undefined ? 'new' : 'kept';
    log.info({ cause, authority, hosts }, 'issued a certificate for the webhook');
    this.#note(this.#issued, 'the Secret of the webhook’s certificate');
    return 0;
  }

  async trust({ configuration, changes }: Step<'trust'>): Promise<Milliseconds> {
    const { store, clock, log } = this.#options;
    const wait = this.#trusted.waitAt(clock.monotonic());
    if (wait > 0) return wait;
    if (!(await store.writeBundles(configuration, changes))) return AFTER_CONFLICT_MS;
    const { kind } = configuration;
    const webhooks = changes.map(({ name }) => name);
    log.info({ kind, webhooks }, 'set caBundle of the webhook configuration');
    this.#note(this.#trusted, 'caBundle of the webhook configurations');
    return 0;
  }

  async retire({ secret, keep }: Step<'retire'>): Promise<Milliseconds> {
    const { store, log } = this.#options;
    const data = { 'ca.crt': certificatesToPem(keep) };
    if (!(await store.writeSecret(data, secret.resourceVersion))) return AFTER_CONFLICT_MS;
    log.info({ trusted: keep.length }, 'the CA before the current one is not trusted any more');
    return 0;
  }

  #note(pace: WritePace, what: string): void {
    const { clock, log } = this.#options;
    if (pace.note(clock.monotonic()))
      log.warn(`somebody else keeps changing ${what}: it is corrected less and less often`);
  }
}
