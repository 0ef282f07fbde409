import type { X509Certificate } from 'node:crypto';
import { isIssuedBy, nameInLine } from './read-certificates.ts';
import type { Milliseconds } from '../time/units.ts';

/**
 * The certificates of a file that lead from `leaf` towards its authority, each before its issuer. Of several issuers, as after a
 * renewal, clients find the one that is valid longest. A self-signed authority does not belong to it: clients have their own.
 */
export function intermediatesOf(
  leaf: X509Certificate,
  file: readonly X509Certificate[],
): readonly X509Certificate[] {
  const found: X509Certificate[] = [];
  let left = file.filter((other) => !other.checkIssued(other));
  for (let below = leaf; ;) {
    const child = below;
    left = left.filter(({ fingerprint256 }) => fingerprint256 !== child.fingerprint256);
    const [issuer] = left
      .filter((other) => isIssuedBy(child, other))
      .toSorted((a, b) => b.validToDate.getTime() - a.validToDate.getTime());
    if (issuer === undefined) return found;
    found.push(issuer);
    below = issuer;
  }
}

/** A time between two others, both since the epoch. */
interface ValidTime {
  readonly validFrom: Milliseconds;
  readonly expiresAt: Milliseconds;
}

/** The time in which each certificate of a chain is valid. */
export interface ChainValidity extends ValidTime {
  /** The subject of the intermediate that expires first; `undefined` if none does before the leaf. */
  readonly firstToExpire: string | undefined;
  /** The time of the leaf alone: a client that trusts an intermediate does not look at those behind it. */
  readonly leaf: ValidTime;
}

/** When each client that trusts the authority takes the leaf with its intermediates. */
export function validityOfChain(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
): ChainValidity {
  const chain = [leaf, ...intermediates];
  const expiresAt = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()));
  const first = chain.find(({ validToDate }) => validToDate.getTime() === expiresAt);
  return {
    validFrom: Math.max(...chain.map(({ validFromDate }) => validFromDate.getTime())),
    expiresAt,
    firstToExpire: first === undefined || first === leaf ? undefined : nameInLine(first.subject),
    leaf: { validFrom: leaf.validFromDate.getTime(), expiresAt: leaf.validToDate.getTime() },
  };
}
