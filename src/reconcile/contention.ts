import { arrayMember, objectMember, stringMember } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { APP } from '../resources/names.ts';
import { findCondition } from './conditions.ts';
import type { StateProblem } from '../resources/problem.ts';
import { kubectl } from '../resources/shell-words.ts';
import { MANY_TRIES } from '../time/backoff.ts';
import { formatDuration } from '../time/format-time.ts';
import { toSeconds } from '../time/units.ts';

const MAX_MANAGERS = 3; // a condition is a line
const MAX_MANAGER_LENGTH = 64; // of the 128 characters that the API allows

/**
 * Field managers other than ours in a Secret's wire JSON (`managedFields`), those that wrote last first; bounded in
 * number and length, as every client chooses its own name.
 */
export function findContenders(secret: unknown): readonly string[] {
  const entries = arrayMember(objectMember(secret, 'metadata'), 'managedFields')
    .map((entry) => ({
      manager: stringMember(entry, 'manager') ?? '',
      time: stringMember(entry, 'time') ?? '',
    }))
    .filter(({ manager }) => manager !== APP && manager !== '')
    .toSorted((a, b) => b.time.localeCompare(a.time));
  const names = entries.map(({ manager }) =>
    manager.replaceAll(/[^\w.:/@ -]/g, '?').slice(0, MAX_MANAGER_LENGTH),
  );
  return [...new Set(names)].slice(0, MAX_MANAGERS);
}

/** Field managers that keep changing a Secret; `recorded`: those that an earlier process wrote into the condition. */
export type Contenders = readonly string[] | 'recorded';

/** Describes a Secret that others keep changing. */
export function describeContention(
  { namespace, name, recorded }: Pick<Jwt, 'namespace' | 'name' | 'recorded'>,
  contenders: Contenders,
): StateProblem {
  const before = findCondition(recorded, 'Contended');
  if (contenders === 'recorded' && before !== undefined)
    return { reason: 'Contended', message: before.message };
  const managers = contenders === 'recorded' ? [] : contenders;
  const who = managers.length === 0 ? 'none recorded' : managers.map((manager) => `"${manager}"`).join(', ');
  const longest = formatDuration(toSeconds(MANY_TRIES.longest));
  const look = kubectl('get', 'secret', name, '-n', namespace, '-o', 'yaml', '--show-managed-fields');
  return {
    reason: 'Contended',
    message:
      `somebody else keeps changing or deleting Secret ${name} (field managers seen: ${who}), so it is written again ` +
      `at longer and longer intervals, up to ${longest}: find out who does (${look}) and have them leave the Secret alone`,
  };
}
