import { findOwnership } from '../../reconcile/ownership.ts';
import { TOKEN_KEY } from '../../resources/names.ts';
import { fail, type Result } from '../../resources/result.ts';
import { parseSecretMetadata } from '../../resources/secret.ts';
import { explainingCommand } from '../cluster/command-printer.ts';
import { findSecretToken, type FoundToken } from './found-token.ts';
import type { TokenPlace } from './token-place.ts';
import type { Access } from '../cluster/connect.ts';
import { findJwt } from '../cluster/find-jwt.ts';
import { readSecret } from '../cluster/read-secret.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** The token of a JWT, from its own Secret, or of any Secret. Refusals of the API server are thrown. */
export async function findTokenInCluster(
  access: Access,
  place: Extract<TokenPlace, { from: 'jwt' | 'secret' }>,
): Promise<Result<FoundToken, CommandProblem>> {
  const { client, namespace } = access;
  const { name } = place;
  const source = `Secret ${namespace}/${name}`;
  if (place.from === 'secret') {
    const secret = await readSecret(client, namespace, name);
    return secret === undefined
      ? noToken(`there is no ${source}`)
      : findSecretToken(secret, place.key, source);
  }
  const jwt = await findJwt(access, namespace, name);
  if (!jwt.ok) return jwt;
  const secret = await readSecret(client, namespace, name);
  const why = `see ${explainingCommand(access.printer, { namespace, name })}`;
  if (secret === undefined) return noToken(`JWT ${namespace}/${name} has no token yet: ${why}`);
  if (findOwnership(jwt.value, parseSecretMetadata(secret)) !== 'ours')
    return noToken(`${source} does not belong to the JWT: ${why}`);
  return findSecretToken(secret, TOKEN_KEY, source);
}

function noToken(message: string): { readonly ok: false; readonly problem: CommandProblem } {
  return fail({ exit: EXIT.refused, message });
}
