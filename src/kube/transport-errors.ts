import type { Deadline } from '../time/deadline.ts';
import { toSeconds } from '../time/units.ts';
import { KubeError, type TransportReason } from './errors.ts';
import { parseResourcePath } from './resource-path.ts';

/** The request that failed, for the message. */
interface FailedRequest {
  readonly verb: string;
  readonly path: string;
  readonly server: string;
  readonly signal?: AbortSignal | undefined;
  readonly deadline?: Pick<Deadline, 'expired' | 'time'>;
}

/** Error codes of OpenSSL and Node about certificates and handshakes (Node documentation, "X509 certificate error codes"). */
const TLS_CODE =
  /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|EPROTO$)/;

/** Codes that say time ran out in undici itself: while connecting, before the headers, between two chunks. */
const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** Makes a KubeError of whatever sending or reading threw; a KubeError stays as it is. */
export function asKubeError(error: unknown, request: FailedRequest): KubeError {
  if (error instanceof KubeError) return error;
  const code = findCode(error);
  const fail = (reason: TransportReason, detail?: string): KubeError =>
    new KubeError({
      ...parseResourcePath(request.path),
      verb: request.verb,
      status: 0,
      reason,
      detail,
      code,
    });
  if (request.deadline?.expired() === true) {
    return fail('Deadline', `no answer of ${request.server} within ${toSeconds(request.deadline.time)} s`);
  }
  if (request.signal?.aborted === true) return fail('Aborted');
  if (error instanceof SyntaxError) return fail('Malformed', `${request.server} sent no valid JSON`);
  if (error instanceof RangeError) return fail('Malformed', `${request.server}: ${error.message}`);
  if (code === undefined) return fail('Unreachable', `${request.server} broke the connection`);
  if (TIMEOUT_CODES.has(code)) return fail('Deadline', `${request.server} is silent: ${code}`);
  return fail(TLS_CODE.test(code) ? 'Tls' : 'Unreachable', `${request.server}: ${code}`);
}

/** The code of the error, or of what it was caused by: undici wraps some. */
function findCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : findCode(error.cause);
}
