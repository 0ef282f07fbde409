import { fail, ok, type Result } from './result.ts';
import { isJsonObject, member, objectMember, stringMember } from './json.ts';
import type { AdmissionDecision, AdmissionReason, StateReason } from './reasons.ts';

/** The only version we answer; the webhook configurations offer no other (Kubernetes API, admission.k8s.io/v1). */
const ADMISSION_API_VERSION = 'admission.k8s.io/v1';
const ADMISSION_KIND = 'AdmissionReview';
/** A uid is a UUID of 36 characters; the answer and its log line repeat it. */
const MAX_UID_LENGTH = 128;

/** One request of the API server. Everything but `uid` may be missing in a hand-made review: then it is empty. */
export interface AdmissionRequest {
  readonly uid: string;
  /** `CREATE`, `UPDATE`, `DELETE` or `CONNECT`. */
  readonly operation: string;
  /**
   * Plural, lower case, e.g. `pods`, after the conversion that `matchPolicy: Equivalent` may have done. Where a hand-made review
   * has none, its group is that of the kind.
   */
  readonly resource: { readonly group: string; readonly resource: string };
  /** Empty for the resource itself. */
  readonly subResource: string;
  readonly kind: string;
  /** The namespace that counts: `object.metadata.namespace` was left empty by API servers before 1.24. */
  readonly namespace: string | undefined;
  /** Empty while the API server has yet to make one from `generateName`. */
  readonly name: string;
  readonly dryRun: boolean;
  /** Raw JSON with nothing known about it; `undefined` when absent. */
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** The answer to one review, before it becomes bytes. `reason` and `decision` are also metric, log and audit words. */
export interface AdmissionAnswer {
  readonly allowed: boolean;
  readonly decision: AdmissionDecision;
  /** A state reason when a JWT itself is refused: the words of its conditions. */
  readonly reason: AdmissionReason | StateReason;
  /** The text for people: shown by kubectl when the request is refused, and in the log line. */
  readonly message: string;
  /** Shown by kubectl whether or not the request is refused: at most 120 characters each, at most three. */
  readonly warnings: readonly string[];
  /** A JSON patch of the object (RFC 6902), as text; `''` for none. */
  readonly patch: string;
}

/**
 * Reads the envelope only: what is inside `object` is never a reason to refuse the review. The problem is a sentence
 * for the caller and means HTTP 400.
 */
export function parseAdmissionReview(body: unknown): Result<AdmissionRequest, string> {
  if (!isJsonObject(body)) return fail('the body is not a JSON object');
  const apiVersion = member(body, 'apiVersion');
  const kind = member(body, 'kind');
  if (apiVersion !== ADMISSION_API_VERSION || kind !== ADMISSION_KIND) {
    return fail(
      `unsupported AdmissionReview: this server answers ${ADMISSION_KIND} of ${ADMISSION_API_VERSION} only`,
    );
  }
  const request = member(body, 'request');
  if (!isJsonObject(request)) return fail('the AdmissionReview has no request');
  const uid = stringMember(request, 'uid');
  if (uid === undefined || uid === '') return fail('the AdmissionReview has no request.uid');
  if (uid.length > MAX_UID_LENGTH) return fail(`request.uid is longer than ${MAX_UID_LENGTH} characters`);
  const resource = objectMember(request, 'resource');
  const ofKind = objectMember(request, 'kind');
  return ok({
    uid,
    operation: stringMember(request, 'operation') ?? '',
    resource: {
      group: stringMember(resource ?? ofKind, 'group') ?? '',
      resource: stringMember(resource, 'resource') ?? '',
    },
    subResource: stringMember(request, 'subResource') ?? '',
    kind: stringMember(ofKind, 'kind') ?? '',
    namespace: stringMember(request, 'namespace'),
    name: stringMember(request, 'name') ?? '',
    dryRun: member(request, 'dryRun') === true,
    object: member(request, 'object'),
    oldObject: member(request, 'oldObject'),
  });
}

// A refusal is for the user to fix (400), except for an error of our own (500): clients show both, controllers retry both.
const REFUSAL_STATUS = { code: 400, reason: 'BadRequest' };
const INTERNAL_STATUS = { code: 500, reason: 'InternalError' };
const BEYOND_ASCII = /[\u0080-\uffff]/g;
const TYPE_META = `"apiVersion":"${ADMISSION_API_VERSION}","kind":"${ADMISSION_KIND}"`;

/**
 * The answer as the API server reads it (Kubernetes API, AdmissionReview v1), as JSON text. An empty patch is left out together
 * with its type: one without the other is refused. Only text that is not ours is searched for characters to escape. The text is
 * ASCII, so it has as many bytes as characters, and nobody needs to measure it.
 */
export function writeAdmissionReview(uid: string, answer: AdmissionAnswer): string {
  const { allowed, decision, reason, message, warnings, patch } = answer;
  let response = `"uid":${toAsciiJson(uid)},"allowed":${allowed}`;
  if (!allowed) {
    const status = reason === 'InternalError' ? INTERNAL_STATUS : REFUSAL_STATUS;
    response += `,"status":${toAsciiJson({ ...status, message })}`;
  }
  if (warnings.length > 0) response += `,"warnings":${toAsciiJson(warnings)}`;
  response += `,"auditAnnotations":{"decision":"${decision}","reason":"${reason}"}`;
  if (patch !== '') response += `,"patchType":"JSONPatch","patch":"${toBase64(patch)}"`;
  return `{${TYPE_META},"response":{${response}}}`;
}

/** JSON text in which every UTF-16 unit beyond ASCII is escaped (RFC 8259 §7). */
function toAsciiJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (isAscii(json)) return json;
  return json.replaceAll(BEYOND_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Nearly every patch is ASCII: `btoa` needs no Buffer for it, and a quarter of the time. */
function toBase64(text: string): string {
  return isAscii(text) ? btoa(text) : Buffer.from(text).toString('base64');
}
