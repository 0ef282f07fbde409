import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { parseJwt, type Jwt, type JwtSpec } from '../../resources/jwt.ts';
import { findUnknownFields } from '../../resources/jwt-fields.ts';
import { GROUP, VERSION } from '../../resources/names.ts';
import type { StateProblem } from '../../resources/problem.ts';
import { fail, type Result } from '../../resources/result.ts';
import { readSecretData } from '../../resources/secret.ts';
import { locateKey, type KeyReference } from '../../reconcile/key-access.ts';
import { parseTime } from '../../time/format-time.ts';
import { readSigningKey } from '../../signing/key.ts';
import { lintJwt } from '../../signing/lint.ts';
import { findAdvice } from '../../signing/lint/advice.ts';
import { listRenewals } from '../../signing/renewals.ts';
import { writeRenewals } from './next-action.ts';
import { sayLifetimes, sayWhen } from './words.ts';
import { formatTable } from '../output/table.ts';
import type { Paint } from '../output/table-output.ts';

/** What can be told of a JWT that is no more than a file. Never holds the key. */
export interface JwtFileReport {
  readonly kind: 'JWT';
  readonly namespace: string | undefined;
  readonly name: string;
  /** Why no token can be signed; empty when it can, as far as the files tell. */
  readonly problems: readonly StateProblem[];
  readonly warnings: readonly string[];
  /** What is often meant otherwise. */
  readonly advice: readonly string[];
  /** Where the private key is, and what could be told of it. */
  readonly key: string;
  /** Seconds. */
  readonly lifetimes: { readonly lifetime: number; readonly resignBefore?: number } | undefined;
  /** If it is signed now, which is the first; the intervals are up to five minutes shorter. */
  readonly nextRenewals: readonly { readonly at: string; readonly expiresAt: string }[];
}

/** `others`: all objects of the input, where the key's Secret may be. `now` in seconds since the epoch. */
export async function explainJwtFile(
  object: JsonObject,
  others: readonly JsonObject[],
  now: number,
): Promise<JwtFileReport> {
  const metadata = objectMember(object, 'metadata');
  const common = {
    kind: 'JWT',
    name: stringMember(metadata, 'name') ?? '',
    namespace: stringMember(metadata, 'namespace'),
  } as const;
  const none = { warnings: [], advice: [], key: '', lifetimes: undefined, nextRenewals: [] };
  const jwt = readJwt(object);
  if (!jwt.ok) return { ...common, ...none, problems: [{ reason: 'ClaimsInvalid', message: jwt.problem }] };
  const { spec } = jwt.value;
  if (!spec.ok) return { ...common, ...none, problems: [spec.problem] };
  const { refusals, warnings } = await lintJwt(object['spec'], { isNew: true });
  const unknown = findUnknownFields(object['spec']).map(
    (path) => `${path} is no field of a JWT and is ignored`,
  );
  const told = {
    ...none,
    warnings: [...unknown, ...warnings.map(({ message }) => message)],
    advice: findAdvice(spec.value).map(({ message }) => message),
  };
  const problems: StateProblem[] = refusals.map(({ reason, message }) => ({ reason, message }));
  const key = await judgeKey(jwt.value, spec.value, others);
  if (key.problem !== undefined) problems.push(key.problem);
  const { lifetime, resignBefore } = spec.value;
  return {
    ...common,
    ...told,
    problems,
    key: key.words,
    lifetimes: { lifetime, ...(resignBefore === undefined ? {} : { resignBefore }) },
    nextRenewals: problems.length > 0 ? [] : writeRenewals(listRenewals(undefined, now, spec.value, 6)),
  };
}

function readJwt(object: JsonObject): Result<Jwt, string> {
  const { apiVersion } = object;
  const expected = `${GROUP}/${VERSION}`;
  return apiVersion === expected
    ? parseJwt(object)
    : fail(`a JWT's apiVersion must be ${expected}, not "${String(apiVersion)}"`);
}

interface KeyVerdict {
  readonly words: string;
  readonly problem?: StateProblem;
}

/** A key in the JWT itself was judged with the spec already. */
async function judgeKey(jwt: Jwt, spec: JwtSpec, others: readonly JsonObject[]): Promise<KeyVerdict> {
  const reference = locateKey(jwt, spec.key, undefined);
  if (reference === undefined) return { words: 'in the JWT itself (spec.key.value)' };
  const place = `Secret ${reference.name}, data key "${reference.key}"`;
  const secret = others.find((other) => isSecretOf(other, reference, jwt));
  if (secret === undefined) return { words: `${place}, which is not in the input: not looked at` };
  const text =
    stringMember(objectMember(secret, 'stringData'), reference.key) ?? readSecretData(secret, reference.key);
  if (text === undefined) {
    const message = `${place}: there is no such data key in the Secret of the input`;
    return { words: place, problem: { reason: 'KeyNotFound', message } };
  }
  const key = await readSigningKey(text, spec.algorithm);
  if (key.ok) return { words: `${place} of the input: fits ${spec.algorithm}` };
  return { words: place, problem: { ...key.problem, message: `${place}: ${key.problem.message}` } };
}

function isSecretOf(object: JsonObject, { namespace, name }: KeyReference, jwt: Jwt): boolean {
  const metadata = objectMember(object, 'metadata');
  return (
    object['kind'] === 'Secret' &&
    stringMember(metadata, 'name') === name &&
    (stringMember(metadata, 'namespace') ?? jwt.namespace) === namespace
  );
}

/** The report for people; `now` in seconds since the epoch. */
export function describeJwtFile(
  report: JwtFileReport,
  source: string,
  now: number,
  paint: Paint,
): readonly string[] {
  const { namespace, name, problems, warnings, advice, key, lifetimes, nextRenewals } = report;
  const title = paint('bold', `JWT ${namespace === undefined ? '' : `${namespace}/`}${name}`);
  const verdict =
    problems.length === 0
      ? paint('green', 'can be signed')
      : paint('red', `cannot be signed (${problems[0]?.reason ?? ''})`);
  const rows = nextRenewals.map(({ at, expiresAt }, index) => {
    const [when, until] = [parseTime(at) ?? now, parseTime(expiresAt) ?? now];
    return [
      `  ${index === 0 ? 'signed' : `${index}.`}`,
      index === 0 ? 'now' : sayWhen(when, now),
      `expires ${sayWhen(until, now)}`,
    ];
  });
  return [
    `${title} (${source}): ${verdict}`,
    ...problems.map(({ message }) => `  ${paint('red', 'error:')} ${message}`),
    ...warnings.map((message) => `  ${paint('yellow', 'warning:')} ${message}`),
    ...advice.map((message) => `  ${paint('cyan', 'advice:')} ${message}`),
    ...(key === '' ? [] : [`  key: ${key}`]),
    ...(lifetimes === undefined ? [] : [`  ${sayLifetimes(lifetimes)}`]),
    ...(rows.length === 0 || lifetimes === undefined
      ? []
      : [
          '',
          'If it were signed now (the intervals are up to 5 min shorter, to spread the load):',
          ...formatTable(rows),
        ]),
  ];
}
