import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inNetwork } from '../../controlplane/in-network.ts';
import { execute } from '../../runs/execute.ts';

/** Address and port of a TCP connection. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Longer than any connection on this machine takes. */
const TIMEOUT_MS = 2000;

/** Only checks whether the connection is accepted, and sends nothing. */
const CONNECT = `
  const [targets, timeout] = process.argv.slice(1).map(JSON.parse);
  const tries = targets.map((target) => new Promise((resolve) => {
    const socket = require('node:net').connect({ ...target, timeout });
    for (const event of ['connect', 'timeout']) socket.on(event, () => { socket.destroy(); resolve(event); });
    socket.on('error', ({ code }) => resolve(code));
  }));
  Promise.all(tries).then((words) => process.stdout.write(JSON.stringify(words)));`;

/**
 * The result for each target: `connect`, `timeout`, or the kernel's error, such as `ECONNREFUSED`. `network`
 * is a path; default: ours.
 */
export async function connectFrom(
  network: string | undefined,
  targets: readonly Target[],
): Promise<readonly string[]> {
  const args = ['-e', CONNECT, JSON.stringify(targets), String(TIMEOUT_MS)];
  const asked = await execute(...inNetwork(network, process.execPath, args));
  return JSON.parse(asked.stdout) as readonly string[];
}

const LISTEN = `
  require('node:net').createServer((socket) => socket.end())
    .listen(Number(process.argv[1]), '::', () => process.stdout.write('listening'));`;

/** Listens on a port, at all addresses of a network (given by its path), until it is disposed of. */
export async function listenIn(network: string, port: number): Promise<Disposable> {
  const command = inNetwork(network, process.execPath, ['-e', LISTEN, String(port)]);
  const listener = spawn(...command, { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(listener.stdout, 'data'),
    once(listener, 'exit').then(() =>
      Promise.reject(new Error(`nobody can listen on port ${port} of ${network}`)),
    ),
  ]);
  return { [Symbol.dispose]: () => void listener.kill('SIGKILL') };
}
