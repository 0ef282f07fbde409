import {
  CATALOGUE_FLAGS,
  chooseEntries,
  playUntilSignal,
  printEntries,
  writeJson,
} from '../controlplane/catalogue-script.ts';
import { runScript } from '../controlplane/run-script.ts';
import type { Attack } from './attack.ts';
import { ATTACKS } from './catalogue.ts';
import type { HostileResult } from './observe.ts';
import { openRing } from './ring.ts';
import { runHostile, type HostileOptions } from './run-hostile.ts';
import { HEADER, renderRow, renderSummary } from './table.ts';

const HELP = `Usage: npm run hostile -- [options]

Sends the compiled service, under the memory limit it is shipped with, the worst that its clients can send: those who
reach its port without any right, and those who may edit one namespace. Meanwhile a well-behaved client creates annotated
pods, and its tokens of one minute are renewed, none more than five seconds late. Afterwards those who reach the port
attack the fallback webhook, whose first container is gone. Prints a table: attack, peak memory, longest answer to the
well-behaved, lateness of its renewals, verdict, and what the attacker got back.

The time in brackets is that of a pod which the service never gets: the API server's own. A renewal waits for it, too, so it is
allowed to be later by that time. A row in which it was more than five seconds, or in which nobody could look, shows nothing.

Options:
  --short      what CI runs: smaller numbers, without the long attacks, one after the other only
  --only NAME  only attacks whose name contains NAME; may be given more than once
  --together   only all of them at the same time, and the restart
  --fallback   only those on the fallback webhook
  --list       print names and titles, and attack nothing
  --json FILE  write the results there, too
  -h, --help   this text

The memory limit is a cgroup where this user may create one (root), elsewhere V8's heap limit and a look at the resident
memory. An attack that did not get to what it attacks counts as a harm. Exit codes: 0 no harm, 1 a harm, 2 wrong usage,
3 something outside is missing or failed, or a row showed nothing, 130 Ctrl-C.
`;

const SHORT_SCALE = 0.15;

await runScript({
  forHelp: 'npm run hostile -- --help',
  help: HELP,
  options: { ...CATALOGUE_FLAGS, together: { type: 'boolean' }, fallback: { type: 'boolean' } },
  run: async ({ list, json, together: isTogether = false, fallback = false, ...choice }) => {
    const chosen = chooseEntries(ATTACKS, choice, ({ fullOnly }) => fullOnly !== true);
    if (chosen.length === 0) return 'no attack has such a name (--list shows all)';
    if (list === true) return printEntries(chosen);
    const isShort = choice.short === true;
    const attacks = fallback ? chosen.filter(({ from }) => from === 'port') : chosen;
    return attackAll(attacks, {
      scale: isShort ? SHORT_SCALE : 1,
      apart: !isTogether,
      together: isTogether || !isShort,
      containers: fallback ? ['fallback-webhook'] : ['jwt-injector', 'fallback-webhook'],
      json,
    });
  },
});

async function attackAll(
  attacks: readonly Attack[],
  { json, ...options }: Omit<HostileOptions, 'onResult'> & { readonly json: string | undefined },
): Promise<number> {
  const startedAt = performance.now();
  const results: HostileResult[] = [];
  const attack = async (): Promise<void> => {
    await using cleanup = new AsyncDisposableStack();
    const ring = await openRing();
    cleanup.defer(() => ring.stop());
    console.log(
      `${attacks.length} attacks on the service under ${ring.main.memory.bytes / 2 ** 20} MiB (${ring.main.memory.means})\n`,
    );
    console.log(HEADER);
    const onResult = (result: HostileResult): void => {
      results.push(result);
      console.log(renderRow(result));
    };
    await runHostile(attacks, ring, { ...options, onResult });
  };
  await playUntilSignal(attack, async () => {
    console.log(`\n${renderSummary(results, ((performance.now() - startedAt) / 60_000).toFixed(1))}`);
    if (json !== undefined) await writeJson(json, { scale: options.scale, results });
  });
  if (results.some(({ harms }) => harms.length > 0)) return 1;
  return results.some(({ gaps }) => gaps.length > 0) ? 3 : 0;
}
