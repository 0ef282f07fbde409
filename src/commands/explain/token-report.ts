import { toSeconds } from '../../time/units.ts';
import { isForbidden } from '../../kube/errors.ts';
import { findCondition } from '../../reconcile/conditions.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { explainingCommand, type CommandPrinter } from '../cluster/command-printer.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { findJwt } from '../cluster/find-jwt.ts';
import { NOT_PROCESSED } from '../cluster/ready-state.ts';
import { readSecretMetadata, type SecretSnapshot } from '../cluster/read-secret.ts';
import { formatWhen } from '../../time/format-time.ts';

/** Whether the token that a pod names can be mounted. */
export interface TokenReport {
  readonly name: string;
  /** False when the pod would wait for it; true where it cannot be known. */
  readonly usable: boolean;
  /** The state of JWT and Secret, in one line, with the remedy. */
  readonly message: string;
}

/** Reads the JWT and the metadata of the Secret of that name, with the caller's rights. */
export async function findToken(
  access: Pick<Access, 'client' | 'printer'>,
  namespace: string,
  name: string,
): Promise<TokenReport> {
  const [jwt, secret] = await Promise.all([
    summarizeJwt(access, namespace, name),
    readSecretMetadata(access.client, namespace, name),
  ]);
  return { name, ...combine(jwt, secret) };
}

interface JwtSummary {
  readonly ready: boolean | undefined;
  readonly words: string;
}

async function summarizeJwt(
  access: Pick<Access, 'client' | 'printer'>,
  namespace: string,
  name: string,
): Promise<JwtSummary> {
  try {
    const jwt = await findJwt(access, namespace, name);
    return jwt.ok ? stateOf(jwt.value, access.printer) : { ready: false, words: jwt.problem.message };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { ready: undefined, words: `you are not allowed to ${describeRequest(error)}` };
  }
}

function stateOf(jwt: Jwt, printer: CommandPrinter): JwtSummary {
  const condition = findCondition(jwt.recorded, 'Ready');
  if (condition?.status === 'True') {
    const { expiresAt } = jwt.recorded;
    const until =
      expiresAt === undefined ? '' : `, its token expires at ${formatWhen(expiresAt, toSeconds(Date.now()))}`;
    return { ready: true, words: `the JWT is Ready${until}` };
  }
  const why = condition === undefined ? NOT_PROCESSED : `${condition.reason}: ${condition.message}`;
  return {
    ready: false,
    words: `the JWT is not Ready: ${why} (${explainingCommand(printer, jwt)})`,
  };
}

function combine(jwt: JwtSummary, secret: SecretSnapshot): Omit<TokenReport, 'name'> {
  if (secret.state === 'forbidden') {
    return {
      usable: jwt.ready !== false,
      message: `${jwt.words}; you are not allowed to ${describeRequest(secret.error)}`,
    };
  }
  if (secret.state === 'absent') {
    return {
      usable: false,
      message: `there is no Secret of that name yet, and the pod waits for it; ${jwt.words}`,
    };
  }
  return { usable: true, message: `the Secret exists; ${jwt.words}` };
}
