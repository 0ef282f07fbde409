import { arrayMember, objectMember, stringMember } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { APP } from '../resources/names.ts';
import type { StateProblem } from '../resources/problem.ts';
import { kubectl } from '../resources/shell-words.ts';
import { MANY_TRIES } from '../time/backoff.ts';
import { formatDuration } from '../time/format-time.ts';
import { toSeconds } from '../time/units.ts';
import { findCondition } from './conditions.ts';
import { hadToken } from './key-record.ts';
import type { Observed } from './observed.ts';
import type { SecretChange } from './plan.ts';

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

/**
 * The causes of writing a Secret again and again: field managers that keep changing it; `recorded`: what an earlier process
 * wrote into the condition; `author`: nobody touches the Secret, the JWT or its key keeps changing.
 */
export type Contenders = readonly string[] | 'recorded' | 'author';

/** Whether a change of the JWT or of its key made the write due; otherwise somebody changed or deleted the Secret. */
export function isAskedFor(
  plan: SecretChange | { readonly do: 'disown' },
  { jwt }: Pick<Observed, 'jwt'>,
): boolean {
  const { observedGeneration } = jwt.recorded;
  if (observedGeneration !== undefined && observedGeneration !== jwt.generation) return true;
  if (plan.do !== 'sign') return false;
  const isFirst = plan.cause === 'SecretMissing' && !hadToken(jwt.recorded);
  return isFirst || plan.cause === 'KeyChanged' || plan.cause === 'RenewRequested';
}

/** Describes a Secret that is written again and again. */
export function describeContention(
  { namespace, name, recorded }: Pick<Jwt, 'namespace' | 'name' | 'recorded'>,
  contenders: Contenders,
): StateProblem {
  const before = findCondition(recorded, 'Contended');
  if (contenders === 'recorded' && before !== undefined)
    return { reason: 'Contended', message: before.message };
  const pace = `at longer and longer intervals, up to ${formatDuration(toSeconds(MANY_TRIES.longest))}`;
  const look = (kind: string): string =>
    kubectl('get', kind, name, '-n', namespace, '-o', 'yaml', '--show-managed-fields');
  if (contenders === 'author')
    return {
      reason: 'Contended',
      message:
        `the JWT, or its key, keeps changing, so its token is signed again ${pace}: find out who changes them ` +
        `(${look('jwt')}), and have them wait for a few minutes between changes`,
    };
  const managers = contenders === 'recorded' ? [] : contenders;
  const names = managers.map((manager) => `"${manager}"`).join(', ');
  const what =
    managers.length > 0
      ? `somebody else keeps changing or deleting Secret ${name} (field managers seen: ${names})`
      : `somebody keeps changing or deleting Secret ${name}, or the labels of its JWT (field managers seen: none recorded)`;
  return {
    reason: 'Contended',
    message: `${what}, so it is written again ${pace}: find out who does (${look('secret')}) and have them leave it alone`,
  };
}
