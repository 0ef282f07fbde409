import { arrayMember, member, objectMember, stringMember } from '../resources/json.ts';
import type { Refusal } from '../reconcile/refusal.ts';
import { MAX_RESYNC_MS } from '../time/max-resync.ts';
import { toMilliseconds, type Milliseconds } from '../time/units.ts';
import { classifyRefusal, findSilentWebhook } from './classify-refusal.ts';
import type { RequestTarget } from './resource-path.ts';

/** Reasons of failures that never got a (whole) answer; all others are those of the API server (`NotFound`, …). */
export type TransportReason =
  | 'Unreachable' // no connection, or it broke
  | 'Deadline' // no whole answer in time
  | 'Tls' // the certificate of the API server, or ours, is not accepted
  | 'Credentials' // there is nothing to authenticate with: token file, exec plugin, OIDC
  | 'Malformed' // an answer that is not what the Kubernetes API promises
  | 'Aborted'; // the caller's signal

/** One detail of a refusal. Only words of the API: its messages may quote a token. */
export interface Cause {
  readonly field: string;
  readonly reason: string;
}

/** The facts about a request that failed. */
interface KubeErrorDetails extends RequestTarget {
  readonly verb: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** The API server's reason word, or a `TransportReason`. */
  readonly reason: string;
  /** How long the API server asks to wait. */
  readonly retryAfter?: Milliseconds | undefined;
  readonly causes?: readonly Cause[] | undefined;
  /** Why the same request will be refused until somebody changes something, if it will. */
  readonly refusal?: Refusal | undefined;
  /** The plural of the resource that a 404 misses, which may be the namespace; `undefined` if the API server did not say. */
  readonly missing?: string | undefined;
  /** The cause that a person needs besides the reason, without a body: an error code of the transport, a limit in seconds. */
  readonly detail?: string | undefined;
  /** The error code of the transport. */
  readonly code?: string | undefined;
}

/** Whatever src/kube throws for a request. The message is one line and holds no part of any body. */
export class KubeError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  // `name` is taken by Error.
  readonly objectName: string | undefined;
  readonly retryAfter: Milliseconds | undefined;
  readonly causes: readonly Cause[];
  readonly refusal: Refusal | undefined;
  readonly missing: string | undefined;
  readonly code: string | undefined;

  constructor(details: KubeErrorDetails) {
    super(describeKubeError(details));
    this.name = 'KubeError';
    this.status = details.status;
    this.reason = details.reason;
    this.verb = details.verb;
    this.resource = details.resource;
    this.namespace = details.namespace;
    this.objectName = details.name;
    this.retryAfter = details.retryAfter;
    this.causes = details.causes ?? [];
    this.refusal = details.refusal;
    this.missing = details.missing;
    this.code = details.code;
  }
}

function describeKubeError(details: KubeErrorDetails): string {
  const { verb, resource, subresource, namespace, name, status, reason, detail, causes = [] } = details;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = [namespace, name].filter((part) => part !== undefined).join('/');
  const why = status === 0 ? reason : `${status} ${reason}`;
  const fields = causes.map((cause) => `${cause.field} ${cause.reason}`.trim()).join(', ');
  const more = [detail, fields].filter((part) => part !== undefined && part !== '').join('; ');
  return `${verb} ${what}${where === '' ? '' : ` ${where}`}: ${why}${more === '' ? '' : ` (${more})`}`;
}

/**
 * Words for a status without one: what the API server itself says (apimachinery `NewGenericServerResponse`). It always gives a
 * word with a 504 (`Timeout`): one without comes from a proxy.
 */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'GatewayTimeout',
};

const MAX_CAUSES = 5; // a line stays a line

/** Reads a refusal from its HTTP status and the parsed body, usually a Kubernetes `Status`. */
export function readStatus(
  status: number,
  body: unknown,
): Pick<KubeErrorDetails, 'status' | 'reason' | 'retryAfter' | 'causes' | 'refusal' | 'missing' | 'detail'> {
  const word = stringMember(body, 'reason');
  const reason = word !== undefined && isWord(word) ? word : (REASONS[status] ?? 'Unknown');
  const message = stringMember(body, 'message') ?? '';
  const details = objectMember(body, 'details');
  const seconds = member(details, 'retryAfterSeconds');
  const causes = arrayMember(details, 'causes')
    .slice(0, MAX_CAUSES)
    .map(readCause)
    .filter((cause) => cause.field !== '' || cause.reason !== '');
  return {
    status,
    reason,
    retryAfter: limitRetryAfter(seconds),
    causes,
    missing: status === 404 ? stringMember(details, 'kind') : undefined,
    refusal: classifyRefusal({ status, reason, message, causes }),
    detail: findSilentWebhook(message),
  };
}

/** A Retry-After, given in seconds, at the longest the wait of any JWT; `undefined` when it is not such a number. */
export function limitRetryAfter(seconds: unknown): Milliseconds | undefined {
  return typeof seconds === 'number' && seconds > 0
    ? Math.min(toMilliseconds(seconds), MAX_RESYNC_MS)
    : undefined;
}

function readCause(cause: unknown): Cause {
  const field = stringMember(cause, 'field') ?? '';
  const reason = stringMember(cause, 'reason') ?? '';
  // A path such as .spec.key or metadata.annotations[tokens.osg-htc.org/token]; anything longer may be content.
  const isPath = /^[\w.[\]/*-]{1,120}$/.test(field);
  return { field: isPath ? field : '', reason: isWord(reason) ? reason : '' };
}

function isWord(text: string): boolean {
  return /^[A-Za-z]{1,64}$/.test(text);
}

/** An error in the words of a log: verb and reason in one word each, the problem in one line. A bug's own may be a secret. */
export function describeForLog(error: unknown): {
  readonly verb: string;
  readonly reason: string;
  readonly problem: string;
} {
  return error instanceof KubeError
    ? { verb: error.verb, reason: error.reason, problem: error.message }
    : { verb: 'unknown', reason: 'InternalError', problem: 'a bug of ours' };
}

/** How long the API server asked to wait; 0 if it did not. */
export function retryAfterOf(error: unknown): Milliseconds {
  return error instanceof KubeError ? (error.retryAfter ?? 0) : 0;
}

/** The object is not there (or the API server does not know its kind). */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}

/** The object changed, or is there already, or a field belongs to another client: look again. */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409;
}

/** The resourceVersion or continue token is too old: list again (Kubernetes API concepts, "410 Gone"). */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeError && error.status === 410;
}

/** The resourceVersion is one that the API server does not know yet, mostly because etcd was restored from a backup. */
export function isVersionAhead(error: unknown): boolean {
  return (
    error instanceof KubeError && error.causes.some(({ reason }) => reason === 'ResourceVersionTooLarge')
  );
}

/** No whole answer came in time. */
export function isDeadline(error: unknown): boolean {
  return error instanceof KubeError && error.reason === 'Deadline';
}

/** There was a connection, and no answer began in the time that it was waited for. */
export function isAnswerLate(error: unknown): boolean {
  return error instanceof KubeError && error.code === 'UND_ERR_HEADERS_TIMEOUT';
}

/** Not authenticated or not allowed: it stays so until somebody changes credentials or RBAC. */
export function isDenied(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 401 || error.status === 403);
}

/** The API server takes the credentials no more, or a certificate is not accepted: others, read again, may help. */
export function refusesCredentials({ status, reason }: KubeError): boolean {
  return status === 401 || reason === 'Tls';
}

/** The namespace is being deleted: nothing can be created in it any more. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof KubeError && error.causes.some((cause) => cause.reason === 'NamespaceTerminating');
}

/** The credentials are accepted, and have no right to that: others of their requests may be answered. */
export function isForbidden(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 403;
}

/** Whether the same request may well succeed a little later. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof KubeError)) return false;
  if (error.status === 0) return error.reason !== 'Aborted';
  return error.status === 408 || error.status === 429 || error.status >= 500;
}
