import type { Jwt } from '../../resources/jwt.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { explainingCommand } from '../cluster/command-printer.ts';
import { effectiveIssuer } from '../../signing/claims.ts';
import { findIssuerUrls, type IssuerUrls } from '../../signing/issuer/urls.ts';
import type { NewKeyAlgorithm } from '../../signing/generate-key.ts';
import { formatDuration } from '../../time/format-time.ts';
import { toSeconds, type Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { findJwtObject } from '../cluster/find-jwt.ts';
import { readSecretMetadata } from '../cluster/read-secret.ts';
import { presentKey } from '../issuer/keys-of-jwt.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import { lookUpKeys } from '../issuer/look-up.ts';
import { findAppliedSource, type AppliedSource } from './applied-source.ts';
import { MIN_WAIT, type RotationState } from './next-step.ts';
import { findPublicationProblem, type PublicationProblem } from './publication.ts';
import { readRotation, type Rotation } from '../issuer/rotation.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** The facts that `nextStep` decides on, and the JWT whose key is replaced. */
export interface ObservedRotation {
  readonly state: RotationState;
  readonly issuer: string;
  /** The source that the JWT is applied from. */
  readonly source: AppliedSource;
}

interface ObserveOptions extends FetchOptions {
  readonly wait: Seconds | undefined;
  readonly algorithm: NewKeyAlgorithm | undefined;
  readonly force: boolean;
  readonly legacyKeyNamespace: string | undefined;
}

/** Looks at the JWT, the new Secret and, before the switch, at what the issuer publishes. */
export async function observeRotation(
  access: Access,
  name: string,
  options: ObserveOptions,
): Promise<Result<ObservedRotation, CommandProblem>> {
  const { client, namespace, printer } = access;
  const found = await findJwtObject(access, namespace, name);
  if (!found.ok) return found;
  const { jwt, object } = found.value;
  const rotation = readRotation(object);
  const known = findRotatedIssuer(jwt, () => explainingCommand(printer, jwt, options.legacyKeyNamespace));
  if (!known.ok) return refuseRotation(`JWT ${namespace}/${name}: ${known.problem}`);
  const contradiction = findContradiction(rotation, options);
  if (contradiction !== undefined) return refuseRotation(`JWT ${namespace}/${name}: ${contradiction}`);
  const issuer = known.value;
  const urls = findIssuerUrls(issuer);
  if (!urls.ok) return refuseRotation(`issuer "${issuer}": ${urls.problem}`);
  const secret =
    rotation === undefined ? undefined : await readSecretMetadata(client, namespace, rotation.secret);
  if (secret?.state === 'forbidden') throw secret.error;
  const isBefore = rotation !== undefined && rotation.switchedAt === undefined && !options.force;
  const publicationProblem = isBefore ? await lookFor(jwt, rotation, issuer, urls.value, options) : undefined;
  const state: RotationState = {
    jwt,
    rotation,
    hasSecret: secret?.state === 'found',
    publicationProblem,
    wait: Math.max(options.wait ?? MIN_WAIT, rotation?.wait ?? MIN_WAIT),
    now: toSeconds(Date.now()),
  };
  return ok({ state, issuer, source: findAppliedSource(object, rotation?.publicKey.kid ?? '') });
}

function refuseRotation(message: string): Result<never, CommandProblem> {
  return fail({ exit: EXIT.refused, message });
}

/** The issuer whose tokens the JWT signs; the problem is why its key cannot be replaced. */
function findRotatedIssuer(jwt: Jwt, explain: () => string): Result<string, string> {
  const { isDeleting, spec, recorded } = jwt;
  if (isDeleting) return fail('it is being deleted');
  const issuer = spec.ok ? effectiveIssuer(spec.value) : spec;
  if (!issuer.ok) return fail(issuer.problem.message);
  return recorded.publicKey === undefined
    ? fail(`it has signed nothing yet, so there is no key to replace: see ${explain()}`)
    : issuer;
}

/** Finds an option that contradicts the choices of an earlier run, which cannot be changed now. */
function findContradiction(
  rotation: Rotation | undefined,
  { wait, algorithm, force }: ObserveOptions,
): string | undefined {
  if (rotation === undefined) return undefined;
  const { alg } = rotation.publicKey;
  if (algorithm !== undefined && algorithm !== alg)
    return `the new key of this rotation is for ${alg}, and not for ${algorithm}: remove --algorithm, or give the rotation up (docs/rotation.md)`;
  const { wait: begun = MIN_WAIT, switchedAt } = rotation;
  return wait !== undefined && wait < begun && switchedAt === undefined && !force
    ? `an earlier run of this rotation was asked to wait ${formatDuration(begun)}: remove --wait ${formatDuration(wait)}, or add --force, which waits no longer`
    : undefined;
}

async function lookFor(
  jwt: Jwt,
  { publicKey }: Rotation,
  issuer: string,
  urls: IssuerUrls,
  options: FetchOptions,
): Promise<PublicationProblem | undefined> {
  const present = presentKey(jwt);
  return findPublicationProblem(
    await lookUpKeys(issuer, urls, options),
    present === undefined ? [publicKey] : [publicKey, present],
  );
}
