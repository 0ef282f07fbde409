import { arrayMember, objectMember, stringMember, type JsonObject } from '../resources/json.ts';

const OS_LABELS = ['kubernetes.io/os', 'beta.kubernetes.io/os'];
const WINDOWS = 'windows';

/** The setting that says that the pod runs on Windows, where our paths have no meaning. */
export function windowsSetting(spec: JsonObject): string | undefined {
  if (stringMember(objectMember(spec, 'os'), 'name') === WINDOWS) return 'spec.os.name';
  const selector = objectMember(spec, 'nodeSelector');
  const label = OS_LABELS.find((candidate) => stringMember(selector, candidate) === WINDOWS);
  return label === undefined ? undefined : `nodeSelector ${label}`;
}

/** Whether every term of the required node affinity asks for Windows: one term is enough for a node to match. */
export function requiresWindowsByAffinity(spec: JsonObject): boolean {
  const affinity = objectMember(objectMember(spec, 'affinity'), 'nodeAffinity');
  const required = objectMember(affinity, 'requiredDuringSchedulingIgnoredDuringExecution');
  const terms = arrayMember(required, 'nodeSelectorTerms');
  return (
    terms.length > 0 && terms.every((term) => arrayMember(term, 'matchExpressions').some(asksForWindows))
  );
}

function asksForWindows(expression: unknown): boolean {
  const values = arrayMember(expression, 'values');
  return (
    OS_LABELS.includes(stringMember(expression, 'key') ?? '') &&
    stringMember(expression, 'operator') === 'In' &&
    values.length > 0 &&
    values.every((value) => value === WINDOWS)
  );
}
