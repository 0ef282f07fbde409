import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { makeBundle } from './make-bundle.ts';
import { ROOT, runProgram } from './run-program.ts';

/** Prints as it goes; true if it ended with 0. */
async function runScript(path: string, ...args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [join(ROOT, path), ...args], { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  return code === 0;
}

const CHECK = 'npm run check';
// From the beginning, so that a wrong type is seen before anything is built for minutes.
const check = runProgram({ title: CHECK, program: 'npm', args: ['run', 'check'] });
const isBuilt = await runScript('test/controlplane/main.ts', '--build-only');
const isBundled = await makeBundle(); // before anybody starts it

// Side by side: what runs on a cluster waits more than it works, and leaves the processor to the rest.
const runs: Readonly<Record<string, Promise<boolean>>> = {
  [CHECK]: check,
  'node test/controlplane/main.ts --build-only': Promise.resolve(isBuilt),
  'npm run build': Promise.resolve(isBundled),
  ...(isBuilt && isBundled
    ? {
        'node test/runs/unit.ts': runScript('test/runs/unit.ts'),
        'node test/runs/integration.ts': runScript('test/runs/integration.ts'),
      }
    : {}),
};
for (const [command, hasPassed] of Object.entries(runs)) {
  if (await hasPassed) continue;
  console.log(`✖ ${command}`);
  process.exitCode = 1;
}
