import { isDenied, KubeError } from '../../kube/errors.ts';
import { findCondition } from '../../reconcile/conditions.ts';
import type { Jwt } from '../../resources/jwt.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/connect-errors.ts';
import { findJwt } from '../cluster/connect-jwt.ts';
import { lookAtSecret, type SecretLook } from '../cluster/connect-secret.ts';
import { sayWhen } from './words.ts';

/** Whether a token that a pod names can be mounted. */
export interface TokenReport {
  readonly name: string;
  /** False when the pod would wait for it; true where it cannot be known. */
  readonly usable: boolean;
  /** Of JWT and Secret, in one line, the remedy included. */
  readonly message: string;
}

/** Looks at the JWT and, by its metadata alone, at the Secret of that name, with the caller's rights. */
export async function findToken(
  { client }: Pick<Access, 'client'>,
  namespace: string,
  name: string,
): Promise<TokenReport> {
  const [jwt, secret] = await Promise.all([
    describeJwt(client, namespace, name),
    lookAtSecret(client, namespace, name),
  ]);
  return { name, ...combine(jwt, secret) };
}

interface JwtState {
  readonly ready: boolean | undefined;
  readonly words: string;
}

async function describeJwt(client: Access['client'], namespace: string, name: string): Promise<JwtState> {
  try {
    const jwt = await findJwt({ client }, namespace, name);
    return jwt.ok ? stateOf(jwt.value) : { ready: false, words: jwt.problem.message };
  } catch (error) {
    if (!isDenied(error) || !(error instanceof KubeError)) throw error;
    return { ready: undefined, words: `you are not allowed to ${describeRequest(error)}` };
  }
}

function stateOf(jwt: Jwt): JwtState {
  const condition = findCondition(jwt.recorded, 'Ready');
  if (condition?.status === 'True') {
    const { expiresAt } = jwt.recorded;
    const until =
      expiresAt === undefined ? '' : `, its token expires at ${sayWhen(expiresAt, Date.now() / 1000)}`;
    return { ready: true, words: `the JWT is Ready${until}` };
  }
  const why =
    condition === undefined
      ? 'jwt-injector has not looked at it yet'
      : `${condition.reason}: ${condition.message}`;
  return {
    ready: false,
    words: `the JWT is not Ready: ${why} (jwt-injector explain jwt ${jwt.name} -n ${jwt.namespace})`,
  };
}

function combine(jwt: JwtState, secret: SecretLook): Omit<TokenReport, 'name'> {
  if (secret.state === 'forbidden') {
    return {
      usable: jwt.ready !== false,
      message: `${jwt.words}; you are not allowed to ${describeRequest(secret.error)}`,
    };
  }
  if (secret.state === 'absent') {
    return {
      usable: false,
      message: `there is no Secret of that name, the pod waits until there is; ${jwt.words}`,
    };
  }
  return { usable: true, message: `the Secret is there; ${jwt.words}` };
}
