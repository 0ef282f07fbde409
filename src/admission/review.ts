import type { AdmissionAnswer } from '../resources/admission-review.ts';
import type { Result } from '../resources/result.ts';

/** The value of the label of a namespace, `undefined` without one; or that it could not be read. */
export type NamespaceDefault = Result<string | undefined, unknown>;

/** A review that was read, and not answered yet. */
export interface Review {
  /** The namespace whose default has to be known for the answer; `undefined` where the answer depends on none. */
  readonly defaultOf: string | undefined;
  /** To be called with `ok(undefined)` where `defaultOf` is undefined, or no namespace default is in use. */
  readonly answer: (namespaceDefault: NamespaceDefault) => AdmissionAnswer;
}
