import assert from 'node:assert/strict';
import { waitUntil } from '../../controlplane/wait-until.ts';
import type { Callee, Caller } from './callers.ts';
import { connectFrom } from './connect.ts';

/**
 * kube-router writes all its rules again after each change of a pod, a namespace or a policy, which takes
 * some seconds.
 */
const IN_FORCE_WITHIN_MS = 60_000;

/** Callers with the ports that they reach. */
export type Openings = readonly (readonly [caller: Caller, ports: readonly number[]])[];

/**
 * Waits until each caller reaches its own `ports` of all callees, and no others. Fails with each connection
 * that is different.
 */
export async function expectOpen(
  callees: readonly Callee[],
  ports: readonly number[],
  openings: Openings,
): Promise<void> {
  const targets = callees.flatMap(({ address }) => ports.map((port) => ({ host: address, port })));
  let wrong: readonly string[] = [];
  const isSo = async () => {
    const tried = openings.map(async ([{ name, network }, open]) => {
      const said = await connectFrom(network, targets);
      return targets.flatMap(({ host, port }, index) =>
        (said[index] === 'connect') === open.includes(port)
          ? []
          : [`from ${name} to port ${port} of ${host}: ${said[index]}`],
      );
    });
    wrong = (await Promise.all(tried)).flat();
    return wrong.length === 0;
  };
  await waitUntil('the policy to be in force', IN_FORCE_WITHIN_MS, isSo).catch((error: unknown) => {
    assert.fail([String(error), ...wrong].join('\n'));
  });
}
