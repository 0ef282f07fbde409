/**
 * How many statuses a JWT may get beside the first one of each token, by the beginning of the names of faults. All other faults
 * allow none, whatever they do to processes, leases and watches (I4).
 */
const ALLOWED: Readonly<Record<string, number>> = {
  'secret-owner-and-annotations-removed': 2, // SecretConflict; then the token that was there is reported again
  // In the next two it can try to write what it sees missing, before it sees what took the place: two reasons to report.
  'secret-copy-of-another': 2, // SecretConflict
  'secret-type-changed': 2, // SecretConflict, or WriteRefused
  'secret-owner-replaced': 1, // SecretConflict
  'secret-immutable': 1, // WriteRefused
  'secret-stuck-deleting': 1, // SecretConflict
  'secret-answer-lost': 1, // WriteFailed: it does not know that it was written
  'retry-after': 1, // WriteFailed, until it may try again
  // A write that failed in a pause may be reported anyway (statuses.ts). An outage of less than a second does not count as a pause.
  'api-server-': 1, // WriteRefused: one that has just started refuses all writes, until it has read the roles
  'etcd-restarted': 1, // WriteFailed
  'api-server-slow': 6, // for each request for a renewal that comes too soon after the ones before: that it waits
  'answers-': 12, // the same, and that a write failed
  'connections-cut': 12, // as for refusals
  'connections-half-open': 2, // WriteFailed; what else it believes until it sees the key
  'rbac-': 1, // WriteRefused
  'policy-refuses-secrets': 1, // WriteRefused
  'broken-neighbours-': 8, // WriteFailed: when each of the next tries comes, waits double
  'peer-restores-': 20, // for each of ten writes: that it was made, and that the next one waits
  'key-spoilt-': 2, // why the key cannot be used; that it can again
  'key-missing-until-expiry': 3, // KeyNotFound; then RenewalOverdue; then the token has expired
  'grant-revoked': 1, // KeyNotGranted
  'jwt-recreated-at-once': 3, // for each of three: the Secret is still that of the one before
};

/** The number for the fault of this name: that of the longest beginning. */
export function allowedStatuses(name: string): number {
  const fits = FAULT_NAMES.filter((beginning) => name.startsWith(beginning));
  const [longest = ''] = fits.toSorted((a, b) => b.length - a.length);
  return ALLOWED[longest] ?? 0;
}

/** The names, or their beginnings, in the table. */
export const FAULT_NAMES: readonly string[] = Object.keys(ALLOWED);
