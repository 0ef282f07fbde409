import type { Logger } from 'pino';
import type { CertificateRequest } from '../certificates/issue-certificate.ts';
import type { ServingPair, TlsSecret, TlsSecretData } from '../certificates/tls-secret.ts';
import type { BundleChange, WebhookConfiguration } from '../certificates/webhook-configuration.ts';
import type { Clock } from '../time/clock.ts';
import type { Milliseconds } from '../time/units.ts';

/**
 * The certificate's Secret and the configurations that must trust it; `kube/certificate-store.ts` implements it. Both writes
 * return whether the object was still as the caller had seen it.
 */
interface CertificateStore {
  /** `undefined` until it is known. */
  readonly secret: () => TlsSecret | undefined;
  /** The configurations that exist; `undefined` until that is known. */
  readonly configurations: () => readonly WebhookConfiguration[] | undefined;
  /** Why that is not known yet. */
  readonly problem: () => string | undefined;
  readonly subscribe: (listener: () => void) => void;
  /** `replacedVersion`: the resourceVersion that was seen; `undefined`: the Secret is created. */
  readonly writeSecret: (
    data: Partial<TlsSecretData>,
    replacedVersion: string | undefined,
  ) => Promise<boolean>;
  readonly writeBundles: (seen: WebhookConfiguration, changes: readonly BundleChange[]) => Promise<boolean>;
}

/** The certificate that the loop keeps, and its dependencies. */
export interface CertificateLoopOptions {
  readonly store: CertificateStore;
  /** The namespace of the Secret. */
  readonly namespace: string;
  readonly name: string;
  /** Loaded when it is needed: a replica that finds a certificate needs no issuer. */
  readonly issue: (request: CertificateRequest) => Promise<TlsSecretData>;
  /** Takes the pair into use; the problem is one sentence. */
  readonly serve: (pair: ServingPair) => string | undefined;
  /** At each step, at least every six hours; gives the time until it is to be called again, which may be infinite. */
  readonly onLook: () => Milliseconds;
  /** Describes a write that failed, in one line; `undefined` if it is a bug. */
  readonly describeProblem: (error: unknown) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}
