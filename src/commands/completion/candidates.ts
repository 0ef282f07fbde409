import type { ConnectFlags } from '../cluster/connect-flags.ts';
import type { CommandEntry } from '../command-entry.ts';
import type { Offers } from '../command.ts';

/** Values of flags that are one of a few words. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  output: ['json', 'yaml'],
  algorithm: ['ES256', 'RS256'],
};

/**
 * Finds the words that may stand where the last word is being typed. Empty when the shell should offer files, or nothing is
 * known.
 */
export async function findCandidates(
  typed: readonly string[],
  commands: Readonly<Record<string, CommandEntry>>,
): Promise<readonly string[]> {
  const [verb = '', ...rest] = joinEquals(typed);
  if (rest.length === 0) return startingWith(verb, Object.keys(commands));
  const entry = Object.hasOwn(commands, verb) ? commands[verb] : undefined;
  const offers = (await entry?.load())?.offers;
  if (offers === undefined) return [];
  const last = rest.at(-1) ?? '';
  const before = rest.slice(0, -1);
  const open = findOpenFlag(before.at(-1) ?? '', offers);
  if (open?.type === 'string' && !(before.at(-1) ?? '').includes('='))
    return startingWith(last, VALUES[open.name] ?? []);
  const [, flag = '', equals] = /^--([^=]*)(=)?/.exec(last) ?? [];
  if (equals !== undefined)
    return startingWith(
      last,
      (VALUES[flag] ?? []).map((value) => `--${flag}=${value}`),
    );
  if (last.startsWith('-'))
    return startingWith(
      last,
      ['help', ...Object.keys(offers.flags)].map((name) => `--${name}`),
    );
  const { words, given } = readTyped(before, offers);
  const isFirst = words.length === 0;
  if (offers.words !== undefined && isFirst) return startingWith(last, offers.words);
  const isNamed = offers.namesJwts === true && (offers.words === undefined || words[0] === 'jwt');
  return isNamed ? startingWith(last, await listJwts(given)) : [];
}

/** bash takes `--output=json` for three words, and wants the last of them. */
function joinEquals(typed: readonly string[]): readonly string[] {
  return typed.flatMap((word, index) => {
    if (word !== '=' || typed[index - 1]?.startsWith('--') !== true) return [word];
    return index === typed.length - 1 ? [''] : [];
  });
}

function startingWith(start: string, words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith(start));
}

function findOpenFlag(
  word: string,
  { flags }: Offers,
): { readonly name: string; readonly type: string } | undefined {
  if (!word.startsWith('-')) return undefined;
  const [start = ''] = word.replace(/^-+/, '').split('=');
  const found = Object.entries(flags).find(
    ([name, { short }]) => name === start || (short === start && !word.startsWith('--')),
  );
  return found === undefined ? undefined : { name: found[0], type: found[1].type };
}

/** The words without a flag, and the values of those that lead to the cluster. */
function readTyped(
  typed: readonly string[],
  offers: Offers,
): { readonly words: readonly string[]; readonly given: ConnectFlags } {
  const words: string[] = [];
  const values: Record<string, string> = {};
  for (let index = 0; index < typed.length; index += 1) {
    const word = typed[index] ?? '';
    const flag = findOpenFlag(word, offers);
    const [, value] = /=(.*)/s.exec(word) ?? [];
    if (flag === undefined) words.push(word);
    else if (flag.type === 'string') {
      if (value === undefined) index += 1;
      const text = value ?? typed[index] ?? '';
      if (text !== '') values[flag.name] = text;
    }
  }
  const { kubeconfig, context, namespace } = values;
  return { words, given: { kubeconfig, context, namespace } };
}

/** Names in the namespace; none when the cluster does not answer or refuses: a shell has no place for errors. */
async function listJwts(flags: ConnectFlags): Promise<readonly string[]> {
  const { withCluster } = await import('../cluster/connect.ts');
  const { listNames } = await import('../cluster/find-jwt.ts');
  let names: readonly string[] = [];
  await withCluster(
    flags,
    { stderr: { write: () => undefined } },
    async ({ client, namespace }) => {
      names = await listNames(client, namespace);
      return 0;
    },
    { asksPeople: false }, // they are in the middle of a line
  );
  return names;
}
