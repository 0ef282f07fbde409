import { parsePublicJwk } from '../../reconcile/key-record.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { explainingCommand, type CommandPrinter } from '../cluster/command-printer.ts';
import { effectiveIssuer } from '../../signing/claims.ts';
import { findIssuerUrls, type IssuerUrls } from '../../signing/issuer/urls.ts';
import { toSeconds, type Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { findJwtObject } from '../cluster/find-jwt.ts';
import { readSecretMetadata } from '../cluster/read-secret.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import { lookUpKeys } from '../issuer/look-up.ts';
import type { RotationState } from './next-step.ts';
import { findPublicationProblem } from './publication.ts';
import { readRotation, type Rotation } from '../issuer/rotation.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** What `nextStep` decides on, and whose key is replaced. */
export interface ObservedRotation {
  readonly state: RotationState;
  readonly issuer: string;
}

/** Looks at the JWT, the new Secret and, before the switch, at what the issuer publishes. */
export async function observeRotation(
  access: Access,
  name: string,
  options: FetchOptions & { readonly wait: Seconds; readonly force: boolean },
): Promise<Result<ObservedRotation, CommandProblem>> {
  const { client, namespace, printer } = access;
  const found = await findJwtObject(access, namespace, name);
  if (!found.ok) return found;
  const { jwt, object } = found.value;
  const problem = findObstacle(jwt, printer);
  if (problem !== undefined)
    return fail({ exit: EXIT.refused, message: `JWT ${namespace}/${name}: ${problem}` });
  const issuer = issuerOf(jwt);
  const urls = findIssuerUrls(issuer);
  if (!urls.ok) return fail({ exit: EXIT.refused, message: `issuer "${issuer}": ${urls.problem}` });
  const rotation = readRotation(object);
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
    wait: options.wait,
    now: toSeconds(Date.now()),
  };
  return ok({ state, issuer });
}

function findObstacle(jwt: Jwt, printer: CommandPrinter): string | undefined {
  const { isDeleting, spec, recorded } = jwt;
  if (isDeleting) return 'it is being deleted';
  if (!spec.ok) return spec.problem.message;
  const iss = effectiveIssuer(spec.value);
  if (!iss.ok) return iss.problem.message;
  return recorded.publicKey === undefined
    ? `it has signed nothing yet, so there is no key to replace: see ${explainingCommand(printer, jwt)}`
    : undefined;
}

function issuerOf({ spec, recorded }: Jwt): string {
  const issuer = spec.ok ? effectiveIssuer(spec.value) : undefined;
  return issuer?.ok === true ? issuer.value : (recorded.issuer ?? '');
}

async function lookFor(
  { recorded }: Jwt,
  { publicKey }: Rotation,
  issuer: string,
  urls: IssuerUrls,
  options: FetchOptions,
): Promise<string | undefined> {
  const { ways } = await lookUpKeys(issuer, urls, options);
  const present = parsePublicJwk(recorded.publicKey ?? '');
  return findPublicationProblem(
    Object.values(ways),
    present === undefined ? [publicKey] : [publicKey, present],
  );
}
