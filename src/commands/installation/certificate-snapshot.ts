import type { X509Certificate } from 'node:crypto';
import type { JsonObject } from '../../resources/json.ts';
import type { Milliseconds } from '../../time/units.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { ReadResult } from '../cluster/read-result.ts';

/** The certificate, and the objects that trust it, at one moment. Objects are wire JSON. */
export interface CertificateSnapshot {
  /** The time of this machine. */
  readonly now: Milliseconds;
  /** The namespace in which jwt-injector is installed. */
  readonly namespace: string;
  /** The namespace that the caller named, if it is in another one. */
  readonly wrongNamespace?: string;
  /** For the commands of remedies. */
  readonly printer: CommandPrinter;
  readonly deployment: ReadResult<JsonObject>;
  readonly mutating: ReadResult<JsonObject>;
  readonly validating: ReadResult<JsonObject>;
  /** The certificate that the pods serve. */
  readonly tls: TlsSnapshot;
}

/** The Secret of the certificate, without its private keys. */
export interface TlsSnapshot {
  readonly name: string;
  /** `self`: jwt-injector issues it; `files`: it is mounted, and the owner of the Secret renews it. */
  readonly source: 'self' | 'files' | undefined;
  readonly secret: ReadResult<{
    /** `tls.crt`; the first one is served. */
    readonly chain: readonly X509Certificate[];
    /** Whether `tls.key` is the private key of the first one. */
    readonly keyFits: boolean;
    /** `ca.crt`. */
    readonly authorities: readonly X509Certificate[];
  }>;
}
