import { at, KEYS, type Json } from './pods.ts';

/** What a pod is refused for, where one of its mounts is in the way. */
const IN_THE_WAY =
  /(?:(?:volume|device) "(\S+)" at (\S+) (?:hides|takes)|mount path (\S+) is taken by (?:volume|device) "(\S+)")/;

/**
 * The pod as it is when a person has followed a refusal for its mounts to the letter: one for each remedy in the message, by
 * the words of the remedy.
 */
export function followRemedies(pod: Json, message: string): ReadonlyMap<string, Json> {
  const [what = '', remedies = ''] = message.split(/: (?=set annotation|mount "|in container "\S+" mount)/);
  const followed = new Map<string, Json>();
  const container = /^in container "(\S+)"|or in container "(\S+)"/.exec(remedies);
  const name = container?.[1] ?? container?.[2] ?? /container "(\S+?)"/.exec(what)?.[1] ?? '';
  for (const remedy of remedies.split(', or ')) {
    const copy: Json = structuredClone(pod);
    if (remedy === `set annotation ${KEYS.mountPath} to another directory`) {
      Object.assign(Object(at(copy, 'metadata', 'annotations')), { [KEYS.mountPath]: '/another/directory' });
    } else changeMounts(containerOf(copy, name), remedy, what);
    followed.set(remedy, copy);
  }
  return followed;
}

function containerOf(pod: Json, name: string): Json {
  const lists = [at(pod, 'spec', 'initContainers'), at(pod, 'spec', 'containers')];
  const found = lists
    .flatMap((list) => Object.values<Json>(Object(list)))
    .find((one) => one['name'] === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

function changeMounts(container: Json, remedy: string, what: string): void {
  const removed = /^(?:in container "\S+" )?remove the mount of "(\S+)" at (\S+)$/.exec(remedy);
  const moved = /^(?:in container "\S+" )?mount "(\S+)" elsewhere(?: than at (\S+))?$/.exec(remedy);
  const inTheWay = IN_THE_WAY.exec(what);
  const volume = removed?.[1] ?? moved?.[1];
  const path = removed?.[2] ?? moved?.[2] ?? inTheWay?.[2] ?? inTheWay?.[3];
  let changes = 0;
  for (const [list, key] of [
    ['volumeMounts', 'mountPath'],
    ['volumeDevices', 'devicePath'],
  ] as const) {
    const entries = Object.values<Json>(Object(container[list]));
    container[list] = entries.flatMap((entry) => {
      if (entry['name'] !== volume || normal(entry[key]) !== path) return [entry];
      changes += 1;
      return removed === null ? [{ ...entry, [key]: `/free/place/${changes}` }] : [];
    });
  }
  if (changes === 0) throw new Error(`"${remedy}" names no mount that is there`);
}

/** Enough for the paths of generated pods. */
function normal(path: unknown): string {
  return `/${String(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}
