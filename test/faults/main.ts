import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runScript } from '../controlplane/run-script.ts';
import { catchSignal } from '../demo/catch-signal.ts';
import { openArena } from './arena.ts';
import { FAULTS } from './catalogue.ts';
import type { Fault, FaultResult } from './fault.ts';
import { playAll } from './run-faults.ts';
import { renderRow, renderTable } from './table.ts';

const HELP = `Usage: npm run faults -- [options]

Injures a real Kubernetes control plane and jwt-injector on it, in every way of the list, while an observer of its own
checks that no token expires, every token verifies, nothing is written without need, and no key or token is shown.
Prints a table: fault, tries, violations, what was seen.

Options:
  --short      what CI runs: a choice, once each, with quicker leader election (under two minutes)
  --only NAME  only faults whose name contains NAME; may be given more than once
  --list       print names and titles, and play nothing
  --json FILE  write the results there, too
  --logs DIR   write there what each process of the service printed, a file each
  -h, --help   this text

Exit codes: 0 no violation, 1 a violation, 2 wrong usage, 3 something outside is missing or failed, 130 Ctrl-C.
`;

await runScript({
  forHelp: 'npm run faults -- --help',
  help: HELP,
  options: {
    short: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    list: { type: 'boolean' },
    json: { type: 'string' },
    logs: { type: 'string' },
  },
  run: async ({ short = false, only, list, json, logs }) => {
    const chosen = choose(short, only);
    if (chosen.length === 0) return 'no fault has such a name (--list shows all)';
    if (list !== true) return playChosen(chosen, { short, json, logs });
    for (const { name, title } of chosen) console.log(`${name}\n    ${title}`);
    return 0;
  },
});

function choose(short: boolean, only: readonly string[] | undefined): readonly Fault[] {
  return only === undefined
    ? FAULTS.filter(({ tries }) => !short || tries.short > 0)
    : FAULTS.filter(({ name }) => only.some((part) => name.includes(part)));
}

interface Choice {
  readonly short: boolean;
  readonly json: string | undefined;
  readonly logs: string | undefined;
}

async function playChosen(faults: readonly Fault[], { short, json, logs }: Choice): Promise<number> {
  const signal = catchSignal();
  const startedAt = performance.now();
  const results: FaultResult[] = [];
  console.log(`Playing ${faults.length} faults; a line for each as it ends.\n`);
  const playing = async (): Promise<undefined> => {
    await using cleanup = new AsyncDisposableStack();
    const arena = await openArena({ short });
    cleanup.defer(() => arena.stop());
    if (logs !== undefined) cleanup.defer(() => writeLogs(logs, arena.outputs()));
    const onResult = (result: FaultResult): void => {
      results.push(result);
      console.log(renderRow(result));
    };
    await playAll(faults, arena, { short, onResult });
  };
  const interruption = await Promise.race([signal, playing()]);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const order = [...faults.map(({ name }) => name), 'witness'];
  const ordered = results.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  console.log(`\n${renderTable(ordered)}, in ${minutes} min`);
  if (json !== undefined) await writeJson(json, { short, minutes: Number(minutes), results: ordered });
  if (interruption !== undefined) {
    console.error(`${interruption.name}: everything that was started ends with this process`);
    process.exit(interruption.exitCode);
  }
  return ordered.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

async function writeLogs(folder: string, outputs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(outputs.map((output, index) => writeFile(join(folder, `service-${index}.log`), output)));
}

async function writeJson(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
