import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Side by side: what runs on a cluster waits more than it works, and leaves the processor to the rest. */
const RUNS = ['unit.ts', 'integration.ts'];

const codes = await Promise.all(
  RUNS.map(async (name) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, name)], { stdio: 'inherit' });
    const [code] = await once(child, 'close');
    return [name, code === 0] as const;
  }),
);
const failed = codes.filter(([, hasPassed]) => !hasPassed).map(([name]) => name);
for (const name of failed) console.log(`✖ test/runs/${name}: see the lines with ✖ above`);
process.exitCode = failed.length === 0 ? 0 : 1;
