import { arrayMember, member, objectMember } from '../resources/json.ts';
import type { ContainerPlan, InjectionPlan } from './decision.ts';

/**
 * The plan as a JSON patch of the raw object (RFC 6902), `add` operations only, as text. Where a list is absent or `null`,
 * it is added whole; otherwise its entries are: volumes and mounts at the end, so that nothing moves, the environment
 * variable at the front, since `$(NAME)` sees only earlier ones (Kubernetes API, EnvVar).
 * @param pointer to the pod in the object (RFC 6901); the pod is the object by default.
 */
export function writePatch(pod: unknown, { volumes, containers }: InjectionPlan, pointer = ''): string {
  const spec = objectMember(pod, 'spec');
  const start = `{"op":"add","path":"${JSON.stringify(pointer).slice(1, -1)}/spec/`;
  let operations = '';
  for (const end of addEach('volumes', isList(spec, 'volumes'), volumes))
    operations = follow(operations, `${start}${end}`);
  let text: ContainerText | undefined;
  for (const plan of containers) {
    const raw = arrayMember(spec, plan.list)[plan.index];
    const hasMounts = isList(raw, 'volumeMounts');
    const hasEnv = isList(raw, 'env');
    if (text === undefined || !isTextOf(text, plan, hasMounts, hasEnv))
      text = writeContainer(start, plan, hasMounts, hasEnv);
    const head = `${text.start}${plan.index}`;
    for (const end of text.ends) operations = follow(operations, `${head}${end}`);
  }
  return `[${operations}]`;
}

/** The operations for a container. They are mostly those for the next one, too, except for its number. */
interface ContainerText {
  readonly plan: ContainerPlan;
  readonly hasMounts: boolean;
  readonly hasEnv: boolean;
  /** The text of each operation before the number. */
  readonly start: string;
  /** The text after it. */
  readonly ends: readonly string[];
}

function isTextOf(text: ContainerText, plan: ContainerPlan, hasMounts: boolean, hasEnv: boolean): boolean {
  const { list, mounts, env } = text.plan;
  const isSamePlan = plan.list === list && plan.mounts === mounts && plan.env === env;
  return isSamePlan && text.hasMounts === hasMounts && text.hasEnv === hasEnv;
}

function writeContainer(
  start: string,
  plan: ContainerPlan,
  hasMounts: boolean,
  hasEnv: boolean,
): ContainerText {
  const { list, mounts, env } = plan;
  const ends = addEach('/volumeMounts', hasMounts, mounts);
  if (env !== undefined) ends.push(hasEnv ? add('/env/0', env) : add('/env', [env]));
  return { plan, hasMounts, hasEnv, start: `${start}${list}/`, ends };
}

function isList(owner: unknown, key: string): boolean {
  return Array.isArray(member(owner, key));
}

function addEach(list: string, isThere: boolean, values: readonly unknown[]): string[] {
  if (values.length === 0) return [];
  return isThere ? values.map((value) => add(`${list}/-`, value)) : [add(list, values)];
}

/** The end of an operation, from within its path on. */
function add(path: string, value: unknown): string {
  return `${path}","value":${JSON.stringify(value)}}`;
}

function follow(operations: string, operation: string): string {
  return operations === '' ? operation : `${operations},${operation}`;
}
