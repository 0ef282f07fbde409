import type { AdmissionAnswer } from '../resources/admission-review.ts';
import type { NamespaceDefault } from '../resources/namespace-default.ts';

/** A review that was read, and not answered yet. */
export interface Review {
  /** The namespace whose default has to be known for the answer; `undefined` where the answer depends on none. */
  readonly defaultOf: string | undefined;
  /** Must be called with a known default without a token if `defaultOf` is undefined, or no namespace default is in use. */
  readonly answer: (namespaceDefault: NamespaceDefault) => AdmissionAnswer;
}
