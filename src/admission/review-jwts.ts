import type { AdmissionAnswer, AdmissionRequest } from '../resources/admission-review.ts';
import { member, objectMember, stringMember } from '../resources/json.ts';
import { describeKeyInOwnSecret, isKeyInOwnSecret } from '../resources/key-in-own-secret.ts';
import { parseKeySource } from '../resources/key-source.ts';
import { isExcluded } from '../resources/excluded-namespaces.ts';
import { GROUP, PLURAL } from '../resources/names.ts';
import type { StateProblem } from '../resources/problem.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';
import { lintJwt } from '../signing/lint.ts';
import { findPolicyRefusal } from '../signing/policy.ts';
import { allowed, denied } from './answer.ts';
import { showPath } from './text.ts';
import { MAX_SHOWN } from './warnings.ts';

/** A message may quote a claim's name, whose length nothing limits. */
const MAX_MESSAGE = 1_000;

/** The settings that the answer depends on, besides the review. */
export interface JwtReviewSettings {
  readonly policy: SigningPolicy;
  /** The namespace that jwt-injector is in, whose JWTs are left alone. */
  readonly ownNamespace: string;
  /** Runs the trial of a key when it is its turn; `undefined` at once when too many wait already. */
  readonly takeTurn: <T>(trial: () => Promise<T>) => Promise<T | undefined>;
}

/**
 * The answer of `/validate/jwts`, from the review alone. What is allowed counts as `skip, NotRequested`, as nothing is
 * ever injected into a JWT; a refusal is `deny` with the reason of the condition that the JWT would get. While too many
 * keys wait, a key is not tried here: the JWT's conditions will show whether it works.
 */
export async function reviewJwt(
  request: AdmissionRequest,
  { policy, ownNamespace, takeTurn }: JwtReviewSettings,
): Promise<AdmissionAnswer> {
  const { operation, object, oldObject } = request;
  if (!isWriteOfJwt(request) || isExcluded(request.namespace, ownNamespace))
    return allowed('NotRequested', 'this kind of request is not checked');
  // Finalizers can always be removed and labels changed, whatever the spec: stored objects may be older than the rules.
  if (member(objectMember(object, 'metadata'), 'deletionTimestamp') !== undefined)
    return allowed('NotRequested', 'the JWT is being deleted');
  const spec = member(object, 'spec');
  if (operation === 'UPDATE' && isSameJson(spec, member(oldObject, 'spec')))
    return allowed('NotRequested', 'the spec is unchanged');

  const findings = await lintJwt(spec, {
    isNew: operation === 'CREATE',
    forbid: (read) => findKeyInOwnSecret(request) ?? findPolicyRefusal(read, policy),
    tryKey: takeTurn,
  });
  const warnings = findings.warnings.slice(0, MAX_SHOWN).map(({ message }) => message);
  const [first, ...more] = findings.refusals;
  return first === undefined
    ? allowed('NotRequested', 'nothing prevents the signature', warnings)
    : refuseJwt([first, ...more], warnings);
}

/**
 * A key in the Secret of its token, also where the namespace is spelt out, which the rule of the CRD cannot see. A stored
 * object may keep it, whatever else is corrected: its condition shows it.
 */
function findKeyInOwnSecret({
  namespace = '',
  object,
  oldObject,
}: AdmissionRequest): StateProblem | undefined {
  const name = stringMember(objectMember(object, 'metadata'), 'name') ?? '';
  const isIn = (jwt: unknown): boolean => {
    const key = parseKeySource(member(member(jwt, 'spec'), 'key'));
    return key.ok && isKeyInOwnSecret({ namespace, name }, key.value, namespace);
  };
  return isIn(object) && !isIn(oldObject) ? describeKeyInOwnSecret({ name }) : undefined;
}

function isWriteOfJwt({ operation, resource, subResource }: AdmissionRequest): boolean {
  return (
    (operation === 'CREATE' || operation === 'UPDATE') &&
    resource.group === GROUP &&
    resource.resource === PLURAL &&
    subResource === ''
  );
}

function refuseJwt(
  refusals: readonly [StateProblem, ...StateProblem[]],
  warnings: readonly string[] = [],
): AdmissionAnswer {
  const message = showPath(refusals.map((refusal) => refusal.message).join('; '), MAX_MESSAGE);
  const [{ reason }] = refusals;
  return denied(reason, message, warnings);
}

/** Deep equality without recursion: what the API server stores may be nested deeper than the stack is. */
function isSameJson(one: unknown, other: unknown): boolean {
  const pairs: [unknown, unknown][] = [[one, other]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
      return false;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const [members, others] = [Object.entries(left), new Map(Object.entries(right))];
    if (members.length !== others.size) return false;
    for (const [name, value] of members) pairs.push([value, others.get(name)]);
  }
  return true;
}
