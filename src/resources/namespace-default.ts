import { objectMember, stringMember } from './json.ts';
import { NAMESPACE_DEFAULT_LABEL } from './names.ts';

/** The default token of the pods in a namespace, `undefined` without one; or that it cannot be known now. */
export type NamespaceDefault =
  { readonly known: true; readonly token: string | undefined } | { readonly known: false };

/** The default token of the pods in a Namespace (wire JSON), by its label; an empty label counts as not set. */
export function readNamespaceDefault(namespace: unknown): string | undefined {
  const labels = objectMember(objectMember(namespace, 'metadata'), 'labels');
  const label = stringMember(labels, NAMESPACE_DEFAULT_LABEL);
  return label === '' ? undefined : label;
}
