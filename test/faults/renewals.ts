import type { TrackedJwt } from './tracked-jwt.ts';

/** The texts of their current tokens, in their order: for `areRenewed`. */
export function textsOf(jwts: readonly TrackedJwt[]): readonly string[] {
  return jwts.map(({ text }) => text);
}

/** Whether each has a valid token other than the one before, and a status that reports it. */
export function areRenewed(jwts: readonly TrackedJwt[], before: readonly string[]): boolean {
  return jwts.every((jwt, index) => jwt.isRenewed(before[index] ?? ''));
}

/** Asks each for a new token, and gives the texts of the current ones. */
export function requestRenewals(jwts: readonly TrackedJwt[]): Promise<readonly string[]> {
  return Promise.all(jwts.map((jwt) => jwt.requestRenewal()));
}

/** Asks each JWT for a new token; gives what to wait for. */
export async function askForRenewals(jwts: readonly TrackedJwt[]): Promise<() => boolean> {
  const before = await requestRenewals(jwts);
  return () => areRenewed(jwts, before);
}

/** Waits until `fits` says that all have theirs; after `withinMs` that is a failure of the first. */
export async function waitForAll(
  jwts: readonly TrackedJwt[],
  fits: () => boolean,
  withinMs: number,
): Promise<void> {
  const [first] = jwts;
  await first?.waitFor(`new tokens of ${jwts.length} JWTs`, fits, withinMs);
}
