import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Target } from './attack.ts';
import { ATTACKS } from './catalogue.ts';

// An attack in its own thread, at the lowest priority (Linux has a priority for each thread). A real attacker
// has another machine, so the work of sending must not delay the well-behaved client that is measured.
setPriority(constants.priority.PRIORITY_LOW);
const { name, target }: { readonly name: string; readonly target: Target } = workerData;
const attack = ATTACKS.find((candidate) => candidate.name === name);
if (attack === undefined) throw new Error(`no attack has the name ${name}`);
parentPort?.postMessage({ hasBegun: true }, []);
let hasReached = false;
const answers = await attack.run(target, () => {
  if (!hasReached) parentPort?.postMessage({ hasReached: true }, []);
  hasReached = true;
});
parentPort?.postMessage({ answers }, []);
