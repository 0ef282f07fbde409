import { ALONE, type Fault } from './fault.ts';
import type { Ground } from './ground.ts';
import { isApplyOf } from './hold.ts';
import type { Seen } from './proxy.ts';

/** Seconds: longer than the first back-off, and longer than the timeout of a request. */
const ASKED_WAIT = 12;

/**
 * A write is refused with a time to wait: until then nothing is sent to that Secret, and the token is written
 * soon afterwards.
 */
async function waitAsAsked(ground: Ground): Promise<void> {
  const jwt = await ground.sign('throttled');
  const { proxy } = ground.arena.main();
  const fits = isApplyOf(jwt.secretPath);
  const writes = (): readonly Seen[] => proxy.log.filter(fits);
  const earlier = writes().length;
  const stop = proxy.treat((seen) =>
    fits(seen) && writes().length === earlier + 1
      ? { do: 'answer', status: 429, retryAfter: ASKED_WAIT }
      : undefined,
  );
  const before = await jwt.requestRenewal();
  await jwt.waitFor('a new token', () => jwt.isRenewed(before), (ASKED_WAIT + 10) * 1_000);
  ground.requireHarm(stop());
  const [refused, next] = writes().slice(earlier);
  const waited = ((next?.at ?? Number.NaN) - (refused?.at ?? Number.NaN)) / 1_000;
  ground.note(`written again after ${waited.toFixed(1)} s`);
  if (!(waited >= ASKED_WAIT))
    throw new Error(`asked to wait ${ASKED_WAIT} s, the service waited ${waited} s`);
}

/** A refusal that says when to come back. */
export const RETRY_AFTER: Fault = {
  ...ALONE,
  name: 'retry-after',
  title: `a write of a Secret is answered 429 with Retry-After ${ASKED_WAIT}: it is not tried again before`,
  tries: { short: 0, full: 2 },
  play: waitAsAsked,
};
