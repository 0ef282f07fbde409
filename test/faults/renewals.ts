import type { TrackedJwt } from './tracked-jwt.ts';

/** The texts of their present tokens, in the same order: for `areRenewed`. */
export function textsOf(jwts: readonly TrackedJwt[]): readonly string[] {
  return jwts.map(({ text }) => text);
}

/** Whether each has a valid token that differs from the one before, and a status that reports it. */
export function areRenewed(jwts: readonly TrackedJwt[], before: readonly string[]): boolean {
  return jwts.every((jwt, index) => jwt.isRenewed(before[index] ?? ''));
}

/** Requests a new token for each, and gives the texts of the present ones. */
export function requestRenewals(jwts: readonly TrackedJwt[]): Promise<readonly string[]> {
  return Promise.all(jwts.map((jwt) => jwt.requestRenewal()));
}

/** Requests a new token for each JWT; gives a condition to wait for. */
export async function askForRenewals(jwts: readonly TrackedJwt[]): Promise<() => boolean> {
  const before = await requestRenewals(jwts);
  return () => areRenewed(jwts, before);
}

/** Waits until `fits` is true for all of them; after `withinMs` it fails for the first one. */
export async function waitForAll(
  jwts: readonly TrackedJwt[],
  fits: () => boolean,
  withinMs: number,
): Promise<void> {
  const [first] = jwts;
  await first?.waitFor(`new tokens of ${jwts.length} JWTs`, fits, withinMs);
}
