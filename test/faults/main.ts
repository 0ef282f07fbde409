import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CATALOGUE_FLAGS,
  chooseEntries,
  playUntilSignal,
  printEntries,
  writeJson,
} from '../controlplane/catalogue-script.ts';
import { runScript } from '../controlplane/run-script.ts';
import { openArena } from './arena.ts';
import { FAULTS } from './catalogue.ts';
import type { Fault, FaultResult } from './fault.ts';
import { playAll } from './run-faults.ts';
import { renderRow, renderTable } from './table.ts';

const HELP = `Usage: npm run faults -- [options]

Injures a real Kubernetes control plane and jwt-injector on it, in every way of the list, while an observer of its own
checks that no token expires, every token verifies and is renewed in time, nothing is written without need, no key or
token is shown, and each new pod is reviewed in time and rightly.
Prints a table: fault, tries, violations, what was seen.

Options:
  --short      what CI runs: a choice, once each, with quicker leader election (three minutes)
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
  options: { ...CATALOGUE_FLAGS, logs: { type: 'string' } },
  run: async ({ list, json, logs, ...choice }) => {
    const chosen = chooseEntries(FAULTS, choice, ({ tries }) => tries.short > 0);
    if (chosen.length === 0) return 'no fault has such a name (--list shows all)';
    if (list === true) return printEntries(chosen);
    return playChosen(chosen, { short: choice.short === true, json, logs });
  },
});

interface Settings {
  readonly short: boolean;
  readonly json: string | undefined;
  readonly logs: string | undefined;
}

async function playChosen(faults: readonly Fault[], { short, json, logs }: Settings): Promise<number> {
  const startedAt = performance.now();
  const results: FaultResult[] = [];
  const order = [...faults.map(({ name }) => name), 'reviews', 'witness'];
  console.log(`Playing ${faults.length} faults; a line for each as it ends.\n`);
  const play = async (): Promise<void> => {
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
  await playUntilSignal(play, async () => {
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    const ordered = results.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    console.log(`\n${renderTable(ordered)}, in ${minutes} min`);
    if (json !== undefined) await writeJson(json, { short, minutes: Number(minutes), results: ordered });
  });
  return results.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

async function writeLogs(folder: string, outputs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await Promise.all(outputs.map((output, index) => writeFile(join(folder, `service-${index}.log`), output)));
}
