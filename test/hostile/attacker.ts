import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Target } from './attack.ts';
import { ATTACKS } from './catalogue.ts';

// An attack of its own thread, with the CPU that nobody else wants (Linux gives each thread its priority): what it costs to
// make must not delay the well-behaved client that is measured, since an attacker has a machine of its own.
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
