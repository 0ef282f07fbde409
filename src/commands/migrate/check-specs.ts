import { formatDuration } from '../../time/format-time.ts';
import { objectMember } from '../../resources/json.ts';
import { keySourceOf, type Jwt, type JwtSpec } from '../../resources/jwt.ts';
import type { StateProblem } from '../../resources/problem.ts';
import type { Result } from '../../resources/result.ts';
import { buildClaims } from '../../signing/claims.ts';
import { parseSpecToLint } from '../../signing/lint.ts';
import { effectiveResignBefore, isRenewalClamped } from '../../signing/schedule.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { editJwt, patchSpec } from './shell-commands.ts';
import {
  findingSubject,
  OLD_KEY_NAMESPACE,
  type MigrationFacts,
  type MigrationFinding,
} from './migration-facts.ts';

/** Specs that token-manager signed, or tried to, but nobody should. Keys in ConfigMaps have their own check. */
export function checkSpecs({ jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt, spec }) => {
    const problem = findSpecProblem(parseSpecToLint(spec));
    const isInMap = objectMember(objectMember(spec, 'key'), 'configMap') !== undefined;
    return problem === undefined || (isInMap && problem.reason === 'KeyUnreadable')
      ? []
      : [specFinding(jwt, problem, printer)];
  });
}

/**
 * JWTs of a Cluster-scoped CRD that our CRD will refuse when they are created in a namespace, or whose key would be another
 * there. It accepts such a JWT where it is stored, but these will be new: they are corrected before they are moved.
 */
export function checkBeforeMove({
  jwts,
  legacyKeyNamespace,
  printer,
}: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt, spec }) => {
    const parsed = parseSpecToLint(spec);
    const problem = findSpecProblem(parsed);
    const findings: MigrationFinding[] = [];
    if (problem !== undefined) findings.push(specFinding(jwt, problem, printer));
    if (parsed.ok && isRenewalClamped(parsed.value)) {
      const why = 'its resignBefore is not shorter than its expiryTime, which our CRD refuses in a new JWT';
      findings.push({ level: 'fix', ...clampedFinding(jwt, why, printer) });
    }
    const why = describeOtherPlace(jwt, legacyKeyNamespace);
    if (why !== undefined) {
      const commands = [patchSpec(printer, jwt, { key: { secret: { namespace: OLD_KEY_NAMESPACE } } })];
      findings.push({ level: 'fix', reason: 'KeyNamespace', object: findingSubject(jwt), why, commands });
    }
    return findings;
  });
}

/** Why the namespace of a key has to be written into the spec; `undefined` where that changes nothing. */
function describeOtherPlace(jwt: Jwt, legacyKeyNamespace: string | undefined): string | undefined {
  const key = keySourceOf(jwt);
  if (key?.from !== 'secret' || key.namespace !== undefined) return undefined;
  const read = `it names no namespace for its key: token-manager reads Secret ${OLD_KEY_NAMESPACE}/${key.name}`;
  if (legacyKeyNamespace === OLD_KEY_NAMESPACE)
    return key.name === jwt.name
      ? `${read} and so does jwt-injector, but the Secret has the name of the JWT, which our CRD refuses without a namespace in a new JWT`
      : undefined;
  const other =
    legacyKeyNamespace === undefined ? 'the one beside the JWT' : `${legacyKeyNamespace}/${key.name}`;
  return `${read}, jwt-injector ${other}`;
}

/** When JWTs will be renewed, where that is not what their specs say or what token-manager did. */
export function noteRenewals({ jwts, printer }: MigrationFacts): readonly MigrationFinding[] {
  return jwts.flatMap(({ jwt }) => {
    if (!jwt.spec.ok) return [];
    const spec = jwt.spec.value;
    const before = formatDuration(effectiveResignBefore(spec));
    if (isRenewalClamped(spec)) {
      const why = `its resignBefore is not shorter than its expiryTime: half of the lifetime (${before} before expiry) is used instead`;
      return [{ level: 'note', ...clampedFinding(jwt, why, printer) }];
    }
    const isServed = jwt.recorded.observedGeneration !== undefined;
    if (spec.resignBefore !== undefined || isServed) return [];
    const why = `it has no resignBefore: token-manager never renewed its token, jwt-injector renews it ${before} before it expires`;
    return [{ level: 'note', reason: 'NeverRenewed', object: findingSubject(jwt), why, commands: [] }];
  });
}

function findSpecProblem(parsed: Result<JwtSpec, StateProblem>): StateProblem | undefined {
  const claims = parsed.ok ? buildClaims(parsed.value, 0, '') : parsed;
  return claims.ok ? undefined : claims.problem;
}

function specFinding(jwt: Jwt, { reason, message }: StateProblem, printer: CommandPrinter): MigrationFinding {
  const commands = [editJwt(printer, jwt)];
  return { level: 'fix', reason, object: findingSubject(jwt), why: message, commands };
}

function clampedFinding(jwt: Jwt, why: string, printer: CommandPrinter): Omit<MigrationFinding, 'level'> {
  const commands = [patchSpec(printer, jwt, { resignBefore: null })];
  return { reason: 'RenewalClamped', object: findingSubject(jwt), why, commands };
}
