import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import type { Target } from './attack.ts';
import { ATTACKS } from './catalogue.ts';

// An attack of its own thread: what it costs to make must not delay the well-behaved client that is measured.
setPriority(constants.priority.PRIORITY_LOW);
const { name, target }: { readonly name: string; readonly target: Target } = workerData;
const attack = ATTACKS.find((candidate) => candidate.name === name);
parentPort?.postMessage((await attack?.run(target)) ?? 'no such attack', []);
