import type { Milliseconds } from '../time/units.ts';
import { isAmong } from './ca-bundle.ts';
import { BACKDATE_MS, SETTLING_MS } from './lifetimes.ts';
import { hasExpired, readCertificates } from './read-certificates.ts';
import type { TlsSecret } from './tls-secret.ts';
import type { WebhookConfiguration } from './webhook-configuration.ts';

/** The trust in the authority that signs, as one look at all bundles shows it. */
export interface TrustSnapshot {
  /** Its fingerprint, if all bundles hold it. */
  readonly trusted: string | undefined;
  /** Some bundle holds another one, so that something else may be served which API servers have trusted for longer. */
  readonly hasOthers: boolean;
  /** It was made so lately that some API server may not know it yet. */
  readonly isNew: boolean;
}

/** How long all bundles have trusted the authority that signs. */
export interface TrustedTimes {
  /** The time as API servers see it; infinite if there is nothing to wait for. */
  readonly trustedFor: Milliseconds;
  /** The time as this process saw it, without a break. */
  readonly seenFor: Milliseconds;
}

/** Reads all bundles. Pure. `now`: since the epoch. */
export function readTrustSnapshot(
  secret: TlsSecret,
  configurations: readonly WebhookConfiguration[],
  now: Milliseconds,
): TrustSnapshot {
  const signer = secret.kind === 'own' ? secret.authorities[0] : undefined;
  const bundles = configurations.flatMap(({ entries }) =>
    entries.map(({ caBundle }) => readCertificates(caBundle)),
  );
  const isTrusted = signer !== undefined && bundles.every((bundle) => isAmong(signer, bundle));
  return {
    trusted: isTrusted ? signer.fingerprint256 : undefined,
    hasOthers: bundles
      .flat()
      .some((other) => other.fingerprint256 !== signer?.fingerprint256 && !hasExpired(other, now)),
    isNew: signer !== undefined && now < signer.validFromDate.getTime() + BACKDATE_MS + SETTLING_MS,
  };
}

/** Follows, from look to look, since when the authority that signs is trusted. */
export class TrustAge {
  /** The authority, and since when by the clock that never goes back; `isKnown`: every API server knows it, or knows no other. */
  #current: { readonly trusted: string; readonly since: Milliseconds; readonly isKnown: boolean } | undefined;
  #last: TrustSnapshot | undefined;

  /**
   * To be called with each look; `undefined` while some bundle lacks the authority. What was trusted at the first look is known,
   * unless it is new and others are trusted beside it: nobody knows since when, and another replica saw to it. What began to
   * be trusted later is known only if nothing else was trusted before, as in a first installation.
   */
  observe(snapshot: TrustSnapshot, monotonic: Milliseconds): TrustedTimes | undefined {
    const { trusted, hasOthers, isNew } = snapshot;
    const last = this.#last;
    this.#last = snapshot;
    if (trusted === undefined) {
      this.#current = undefined;
      return undefined;
    }
    if (this.#current?.trusted !== trusted) {
      const isKnown = !(last === undefined ? isNew && hasOthers : hasOthers || last.hasOthers);
      this.#current = { trusted, since: monotonic, isKnown };
    }
    const seenFor = monotonic - this.#current.since;
    return { trustedFor: this.#current.isKnown ? Number.POSITIVE_INFINITY : seenFor, seenFor };
  }
}
