import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Order, Report, Said } from './attackers-messages.ts';

// The process of the attackers, in a session of its own. On Linux a priority counts only within a session, unless
// autogroups are switched off: this one's session gets it, too.
const [, , priority = '0'] = process.argv;
const ENTRY = new URL('./attacker.ts', import.meta.url);

try {
  writeFileSync('/proc/self/autogroup', priority);
} catch {} // a kernel without autogroups

const threads = new Map<number, Worker>();

const report = (message: Report): void => void process.send?.(message);

const prepare = (number: number, name: string, target: unknown): void => {
  const worker = new Worker(ENTRY, { workerData: { name, target } });
  threads.set(number, worker);
  worker.on('message', (said: Said) => {
    report({ number, said });
    if (typeof said === 'object') void worker.terminate(); // it has ended, and can still hold connections
  });
  worker.on('error', (error) => report({ number, said: { problem: String(error) } }));
};

process.on('message', ({ number, prepare: prepared }: Order) => {
  if (prepared === undefined) threads.get(number)?.postMessage('begin', []);
  else prepare(number, prepared.name, prepared.target);
});
// However the harness ends: the terminal's Ctrl-C does not reach this session.
process.on('disconnect', () => process.exit());
