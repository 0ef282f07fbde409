/**
 * Counts how much of `src/` one round of a JWT executes: files, functions, calls (V8's precise coverage; each
 * continuation of an `await` counts as a call). `node test/bench/walk-round.ts [-v]`; not a test.
 */
import { Session } from 'node:inspector/promises';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { formatRecordedStatus } from '../../src/resources/recorded-status.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { makeReconciler, NEXT_ATTEMPT_AT, stored } from '../loop/made-reconciler.ts';
import { KEY_SECRET, WITH_KEY } from '../loop/model/sources.ts';

async function countWalk(walk: () => unknown): Promise<string> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await walk();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const calls = result
    .filter(({ url }) => url.includes('/src/') && !url.includes('/node_modules/'))
    .flatMap(({ url, functions }) =>
      functions.map(({ functionName, ranges: [whole] }) => ({ url, functionName, count: whole?.count ?? 0 })),
    )
    .filter(({ count }) => count > 0);
  if (process.argv.includes('-v'))
    for (const { url, functionName, count } of calls)
      console.log(`${url.slice(url.lastIndexOf('/src/') + 1)} ${functionName} ${count}`);
  const files = new Set(calls.map(({ url }) => url)).size;
  return `${files} files, ${calls.length} functions, ${calls.reduce((sum, { count }) => sum + count, 0)} calls`;
}

const first = makeReconciler([KEY_SECRET]);
await reconcileJwt(first.reconciler, makeJwt(WITH_KEY), NEXT_ATTEMPT_AT);
const status = JSON.stringify(formatRecordedStatus(first.statuses[0] ?? NO_STATUS));
const settled = () => makeJwt(WITH_KEY, { status: JSON.parse(status) });

for (const [name, now] of [
  ['a look at a healthy JWT', NOW + 60],
  ['a renewal', NOW + 20 * 3_600],
] as const) {
  const { reconciler, writes } = makeReconciler([KEY_SECRET, stored(first.secrets[0])]);
  const jwt = settled();
  await reconcileJwt(reconciler, jwt, NEXT_ATTEMPT_AT); // its token is checked once, before counting begins
  const walk = await countWalk(() =>
    reconcileJwt({ ...reconciler, now: () => now * 1000 }, jwt, NEXT_ATTEMPT_AT),
  );
  console.log(`${name}: ${walk}; writes: ${writes.join(', ') || 'none'}`);
}
console.log(`reading the JWT: ${await countWalk(settled)}`);
