import type { Logger } from 'pino';
import type { CertificateRequest } from '../certificates/issue-certificate.ts';
import type { CertificateStep } from '../certificates/plan-certificate.ts';
import { writeCertificates } from '../certificates/read-certificates.ts';
import type { TlsSecretData } from '../certificates/tls-secret.ts';
import type { BundleChange, WebhookConfiguration } from '../certificates/webhook-configuration.ts';
import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';
import { WritePace } from './write-pace.ts';

/** Where a certificate is written to. Both say whether what was to be changed was still as it was seen. */
export interface CertificateTarget {
  /** `over`: the resourceVersion that was seen; `undefined`: the Secret is created. */
  readonly writeSecret: (
    data: Partial<TlsSecretData>,
    replacedVersion: string | undefined,
  ) => Promise<boolean>;
  readonly writeBundles: (seen: WebhookConfiguration, changes: readonly BundleChange[]) => Promise<boolean>;
}

/** What the writes need. */
export interface CertificateWriting {
  readonly store: CertificateTarget;
  /** Loaded when it is needed: a replica that finds a certificate needs no issuer. */
  readonly issue: (request: CertificateRequest) => Promise<TlsSecretData>;
  /** Of the Secret. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type Step<Type extends CertificateStep['type']> = Extract<CertificateStep, { type: Type }>;

/** The write of another replica is usually seen at once; this is for a watch that is late. */
const AFTER_CONFLICT_MS = 1_000;

/**
 * The steps that write. Each gives how long to wait before the next look: 0 once it is done, longer if somebody was faster, or
 * keeps changing the same thing. Each throws what the API server answers.
 */
export class CertificateWrites {
  readonly #writing: CertificateWriting;
  readonly #issued = new WritePace();
  readonly #trusted = new WritePace();

  constructor(writing: CertificateWriting) {
    this.#writing = writing;
  }

  async issue({ cause, signer, replacedVersion, retired, hosts }: Step<'issue'>): Promise<Milliseconds> {
    const { issue, store, namespace, clock, log } = this.#writing;
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
    const { store, clock, log } = this.#writing;
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
    const { store, log } = this.#writing;
    const data = { 'ca.crt': writeCertificates(keep) };
    if (!(await store.writeSecret(data, secret.resourceVersion))) return AFTER_CONFLICT_MS;
    log.info({ trusted: keep.length }, 'the CA before the current one is not trusted any more');
    return 0;
  }

  #note(pace: WritePace, what: string): void {
    const { clock, log } = this.#writing;
    if (pace.note(clock.monotonic()))
      log.warn(`somebody else keeps changing ${what}: it is corrected less and less often`);
  }
}
