import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { startReaper } from '../../controlplane/reaper.ts';
import type { World } from '../world.ts';
import { PYTHON } from './make-venv.ts';

/** Environment variable with the path of the Python environment with pelicanfs, for the test files. */
export const PELICANFS_VARIABLE = 'JWT_INJECTOR_VERIFIERS_PELICANFS';

/** The result of one read. pelicanfs gives no reason: nearly all errors are `NoAvailableSource`. */
export type Reading = { readonly text: string } | { readonly error: string };

/** A Python process that reads files of a federation with pelicanfs, one after the other. */
export interface Reader extends AsyncDisposable {
  /** `isNew`: use a file system that has not seen a token yet, as in a new process. */
  read(address: string, isNew?: boolean): Promise<Reading>;
}

/** Starts the process as in a pod: its environment names the token's file, and little else. */
export async function startReader(world: World, tokenFile: string): Promise<Reader> {
  const home = await mkdtemp(join(world.folder, 'reader-'));
  const reaper = await startReaper();
  reaper.remove(home);
  const child = spawn(
    join(process.env[PELICANFS_VARIABLE] ?? '', PYTHON),
    [join(import.meta.dirname, 'reader.py')],
    {
      detached: true,
      env: { HOME: home, PATH: '/usr/bin:/bin', BEARER_TOKEN_FILE: tokenFile, SSL_CERT_FILE: world.caFile },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  if (child.pid !== undefined) reaper.watch(child.pid);
  const complaints = text(child.stderr);
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    read: async (address, isNew = false) => {
      child.stdin.write(`${isNew ? 'new ' : ''}${address}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`pelicanfs ended: ${await complaints}`);
      return JSON.parse(value) as Reading;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await reaper.finish();
    },
  };
}
