import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { JwtSpec } from '../../resources/jwt.ts';
import type { StateProblem } from '../../resources/problem.ts';
import { NO_POLICY, type SigningPolicy } from '../../resources/signing-policy.ts';
import { readSigningKey } from '../../signing/key.ts';
import { lintJwt } from '../../signing/lint.ts';
import { findAdvice } from '../../signing/lint/advice.ts';
import { findPolicyRefusal } from '../../signing/policy.ts';
import { listRenewals } from '../../signing/renewals.ts';
import {
  findKeyConflict,
  findKeyInFile,
  readJwtDocument,
  warnOfUnknownFields,
  type KeyInFile,
} from '../input/jwt-document.ts';
import { writeRenewals } from './next-action.ts';
import { lifetimesOf } from './jwt-report.ts';
import type { Seconds } from '../../time/units.ts';
import type { Lifetimes } from '../../signing/schedule.ts';

/** All that is reported of a JWT in a file, as `-o json` prints it. Never holds the key. */
export interface JwtFileReport {
  readonly kind: 'JWT';
  readonly namespace: string | undefined;
  readonly name: string;
  /** Why no token can be signed; empty when it can, as far as the files show. */
  readonly problems: readonly StateProblem[];
  readonly warnings: readonly string[];
  /** Advice about values that are often a mistake. */
  readonly advice: readonly string[];
  /** The place of the private key, and whether it fits. */
  readonly key: string;
  /** Seconds. */
  readonly lifetimes: Lifetimes | undefined;
  /** If it is signed now, which is the first; the intervals are up to five minutes shorter. */
  readonly nextRenewals: readonly { readonly at: string; readonly expiresAt: string }[];
}

/** `others`: all objects of the input, where the key's Secret may be. `now` in seconds since the epoch. */
export async function explainJwtFile(
  object: JsonObject,
  others: readonly JsonObject[],
  now: Seconds,
  policy: SigningPolicy = NO_POLICY,
): Promise<JwtFileReport> {
  const metadata = objectMember(object, 'metadata');
  const common = {
    kind: 'JWT',
    name: stringMember(metadata, 'name') ?? '',
    namespace: stringMember(metadata, 'namespace'),
  } as const;
  const none = { warnings: [], advice: [], key: '', lifetimes: undefined, nextRenewals: [] };
  const jwt = readJwtDocument(object);
  if (!jwt.ok) return { ...common, ...none, problems: [{ reason: 'ClaimsInvalid', message: jwt.problem }] };
  const { spec } = jwt.value;
  if (!spec.ok) return { ...common, ...none, problems: [spec.problem] };
  const { refusals, warnings } = await lintJwt(object['spec']);
  const checked = {
    ...none,
    warnings: [...warnOfUnknownFields(object['spec']), ...warnings.map(({ message }) => message)],
    advice: findAdvice(spec.value).map(({ message }) => message),
  };
  const problems: StateProblem[] = refusals.map(({ reason, message }) => ({ reason, message }));
  const refused = [findKeyConflict(jwt.value, spec.value), findPolicyRefusal(spec.value, policy)];
  problems.push(...refused.filter((problem) => problem !== undefined));
  const key = await judgeKey(findKeyInFile(jwt.value, spec.value, others), spec.value);
  if (key.problem !== undefined) problems.push(key.problem);
  return {
    ...common,
    ...checked,
    problems,
    key: key.words,
    lifetimes: lifetimesOf(spec.value),
    nextRenewals: problems.length > 0 ? [] : writeRenewals(listRenewals(undefined, now, spec.value, 6)),
  };
}

interface CheckedKey {
  readonly words: string;
  readonly problem?: StateProblem;
}

/** A key in the JWT itself was judged with the spec already. */
async function judgeKey(found: KeyInFile, { algorithm }: JwtSpec): Promise<CheckedKey> {
  if (found.from === 'value') return { words: 'in the JWT itself (spec.key.value)' };
  const { place, isPresent, text } = found;
  if (!isPresent) return { words: `${place}, which is not in the input: not checked` };
  if (text === undefined) {
    const message = `${place}: the Secret in the input has no such data key`;
    return { words: place, problem: { reason: 'KeyNotFound', message } };
  }
  const key = await readSigningKey(text, algorithm);
  if (key.ok) return { words: `${place} of the input: fits ${algorithm}` };
  return { words: place, problem: { ...key.problem, message: `${place}: ${key.problem.message}` } };
}
