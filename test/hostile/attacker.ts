import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import type { Target } from './attack.ts';
import { ATTACKS } from './catalogue.ts';

// An attack in its own thread: it loads the catalogue, which takes a tenth of a second of CPU, and waits for
// the word to begin.
const { name, target }: { readonly name: string; readonly target: Target } = workerData;
const attack = ATTACKS.find((candidate) => candidate.name === name);
if (attack === undefined) throw new Error(`no attack has the name ${name}`);
const port = parentPort;
if (port === null) throw new Error('attackers.ts starts this in a thread');
const began = once(port, 'message');
port.postMessage('ready', []);
await began;
let hasReached = false;
const answers = await attack.run(target, () => {
  if (!hasReached) port.postMessage('reached', []);
  hasReached = true;
});
port.postMessage({ answers }, []);
