import type { Session } from './connection/api-connection.ts';
import { CredentialsError } from './connection/credentials-error.ts';
import { KubeError } from './errors.ts';
import { parseResourcePath } from './resource-path.ts';
import type { Call, Endpoint } from './send.ts';

type Connected = Pick<Endpoint, 'server' | 'connection'>;
type CallOfSession = Pick<Call, 'verb' | 'path' | 'signal'>;

/** As `ApiConnection.current`, its failure as a KubeError. */
export async function openSession(
  endpoint: Connected,
  call: CallOfSession,
  limit: AbortSignal | undefined,
): Promise<Session> {
  try {
    return await endpoint.connection.current(limit);
  } catch (error) {
    throw failCredentials(error, endpoint, call);
  }
}

/** As `ApiConnection.renew`, its failure as a KubeError. */
export async function renewSession(
  endpoint: Connected,
  call: CallOfSession,
  stale: Session,
  limit: AbortSignal | undefined,
): Promise<Session> {
  try {
    return await endpoint.connection.renew(stale, limit);
  } catch (error) {
    throw failCredentials(error, endpoint, call);
  }
}

/** As `ApiConnection.checkPlace`, its failure as a KubeError. */
export function checkKubeconfig(endpoint: Connected, call: CallOfSession): void {
  try {
    endpoint.connection.checkPlace();
  } catch (error) {
    throw failCredentials(error, endpoint, call);
  }
}

/** The output of a plugin stays out: only our own words and the code of a file-system error are shown. */
function failCredentials(
  error: unknown,
  { server }: Connected,
  { verb, path, signal }: CallOfSession,
): KubeError {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  const why = error instanceof CredentialsError ? error.message : code;
  return new KubeError({
    ...parseResourcePath(path),
    verb,
    status: 0,
    reason: signal?.aborted === true ? 'Aborted' : 'Credentials',
    detail: `no credentials for ${server.origin}${typeof why === 'string' ? `: ${why}` : ''}`,
  });
}
