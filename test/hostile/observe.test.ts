import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ATTACKS } from './catalogue.ts';
import { launchAlone, observe } from './observe.ts';

const UNHARMED = { longestMs: 1, longestPlainMs: 1, pods: 1, harms: [], renewals: 1 };

it('an attack that was not made is a harm, though nobody suffered', { timeout: 60_000 }, async () => {
  const attack = ATTACKS.find(({ name }) => name === 'restless') ?? assert.fail('no such attack');
  const observed = {
    neighbour: { takeExperience: () => UNHARMED, forget: () => undefined, stop: () => Promise.resolve() },
    victim: {
      start: () => Promise.resolve(),
      stop: () => Promise.resolve([]),
      kill: () => Promise.resolve(),
      httpPort: () => 1,
      takeEnds: () => Promise.resolve([]),
      takePeakMemory: () => 1,
      memory: {
        bytes: 2,
        means: 'none',
        wrap: <T>(command: T) => command,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
    },
    prefix: '',
  } as const;
  const api = { adminKubeconfig: '/nowhere/kubeconfig', url: 'https://127.0.0.1:1', ca: '' };
  const target = { webhookPort: 1, httpPort: 1, api, namespace: 'nobody', isAlone: true, scale: 0.01 };
  const { harms } = await observe(observed, attack, () => launchAlone(attack, target));
  assert.match(harms.join('\n'), /^the attack restless was not made: could not be made: .*ENOENT[^\n]*$/);
});
