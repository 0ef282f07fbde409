import type { PatchOperation } from '../resources/json-patch.ts';
import { arrayMember, member, objectMember } from '../resources/json.ts';
import type { ContainerPlan, InjectionPlan } from './decision.ts';

/**
 * The plan as RFC 6902 operations on the raw object, `add` only. Where a list is absent
 * or `null`, it is added whole; otherwise its entries are: volumes and mounts at the end, so that nothing moves, the
 * environment variable at the front, since `$(NAME)` sees only earlier ones (Kubernetes API, EnvVar).
 */
export function planPatch(pod: unknown, plan: InjectionPlan, base = ''): readonly PatchOperation[] {
  const operations: PatchOperation[] = [];
  const spec = objectMember(pod, 'spec');
  append(operations, `${base}/spec`, spec, 'volumes', plan.volumes);
  for (const container of plan.containers) {
    const raw = arrayMember(spec, container.list)[container.index];
    patchContainer(operations, `${base}/spec/${container.list}/${container.index}`, raw, container);
  }
  return operations;
}

function patchContainer(operations: PatchOperation[], path: string, raw: unknown, plan: ContainerPlan): void {
  append(operations, path, raw, 'volumeMounts', plan.mounts);
  if (plan.env === undefined) return;
  if (Array.isArray(member(raw, 'env')))
    operations.push({ op: 'add', path: `${path}/env/0`, value: plan.env });
  else operations.push({ op: 'add', path: `${path}/env`, value: [plan.env] });
}

function append(
  operations: PatchOperation[],
  path: string,
  owner: unknown,
  key: string,
  values: readonly unknown[],
): void {
  if (values.length === 0) return;
  if (!Array.isArray(member(owner, key))) {
    operations.push({ op: 'add', path: `${path}/${key}`, value: values });
    return;
  }
  for (const value of values) operations.push({ op: 'add', path: `${path}/${key}/-`, value });
}
