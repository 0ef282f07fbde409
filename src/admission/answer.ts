import type { AdmissionAnswer } from '../resources/admission-review.ts';
import type { AdmissionReason, StateReason } from '../resources/reasons.ts';
import { MAX_WARNING_LENGTH } from './warnings.ts';
import { shorten } from './text.ts';

const EMPTY: readonly never[] = [];

/** The object is admitted as it is. `warnings` are those that are shown: see `mostUseful`. */
export function allowed(
  reason: AdmissionReason,
  message: string,
  warnings: readonly string[] = EMPTY,
): AdmissionAnswer {
  return { allowed: true, decision: 'skip', reason, message, warnings, patch: '' };
}

/** The object is admitted with the changes of a JSON patch (RFC 6902) of at least one operation, as text. */
export function patched(
  message: string,
  patch: string,
  warnings: readonly string[] = EMPTY,
): AdmissionAnswer {
  return { allowed: true, decision: 'inject', reason: 'Injected', message, warnings, patch };
}

/** The object is refused. A state reason, a word of a JWT's conditions, where the object is a JWT. */
export function denied(
  reason: AdmissionReason | StateReason,
  message: string,
  warnings: readonly string[] = EMPTY,
): AdmissionAnswer {
  return { allowed: false, decision: 'deny', reason, message, warnings, patch: '' };
}

/** Something failed on our side, and the object must not be admitted without us. */
export function errored(message: string): AdmissionAnswer {
  return denied('InternalError', message);
}

/** Something failed on our side, and the object is admitted anyway. */
export function erroredButAllowed(message: string): AdmissionAnswer {
  return allowed('InternalError', message, [shorten(message, MAX_WARNING_LENGTH)]);
}
