import { toSeconds } from '../../time/units.ts';
import { isForbidden } from '../../kube/errors.ts';
import { findCondition } from '../../reconcile/conditions.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { TOKEN_KEY } from '../../resources/names.ts';
import { explainingCommand, type CommandPrinter } from '../cluster/command-printer.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { findJwt } from '../cluster/find-jwt.ts';
import { NOT_PROCESSED } from '../cluster/ready-state.ts';
import { readSecretMetadata, type SecretSnapshot } from '../cluster/read-secret.ts';
import { formatWhen } from '../../time/format-time.ts';

/** Whether a pod gets the token that it names. */
export interface TokenReport {
  readonly name: string;
  /**
   * `missing`: the pod would wait for it; `not Ready`: there is a Secret, or it may not be read, and there may be no token in it,
   * or one that does not match the JWT; `available` also where it cannot be known.
   */
  readonly state: 'available' | 'not Ready' | 'missing';
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
  /** Says of the Secret of its name that it belongs to another owner. */
  readonly foreign?: string;
  readonly words: string;
}

async function summarizeJwt(
  access: Pick<Access, 'client' | 'printer'>,
  namespace: string,
  name: string,
): Promise<JwtSummary> {
  try {
    const jwt = await findJwt(access, namespace, name);
    if (jwt.ok) return stateOf(jwt.value, access.printer);
    return { ready: false, foreign: "not a JWT's", words: jwt.problem.message };
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
    ...(condition?.reason === 'SecretConflict' ? { foreign: "not the JWT's" } : {}),
    words: `the JWT is not Ready: ${why} (${explainingCommand(printer, jwt)})`,
  };
}

function combine(jwt: JwtSummary, secret: SecretSnapshot): Omit<TokenReport, 'name'> {
  if (secret.state === 'forbidden') {
    return {
      state: jwt.ready === false ? 'not Ready' : 'available',
      message: `${jwt.words}; you are not allowed to ${describeRequest(secret.error)}`,
    };
  }
  if (secret.state === 'absent') {
    return {
      state: 'missing',
      message: `there is no Secret of that name yet, and the pod waits for it; ${jwt.words}`,
    };
  }
  const secretWords =
    jwt.foreign === undefined
      ? 'the Secret exists'
      : `the Secret of that name is ${jwt.foreign}: a pod gets what is there as ${TOKEN_KEY}, and waits if there is nothing`;
  return {
    state: jwt.ready === false ? 'not Ready' : 'available',
    message: `${secretWords}; ${jwt.words}`,
  };
}
