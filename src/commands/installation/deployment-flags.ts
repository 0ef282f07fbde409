import { environmentName } from '../../config/run-flags.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { APP } from '../../resources/names.ts';

/** Name of the second container in the pods that answer reviews. */
const FALLBACK = 'fallback-webhook';

/** The images that a Deployment of jwt-injector runs; containers of others are left out. */
export function imagesOf(deployment: JsonObject): readonly string[] {
  const fallback = containersOf(deployment).filter((one) => stringMember(one, 'name') === FALLBACK);
  return [containerOf(deployment), ...fallback].map((one) => stringMember(one, 'image') ?? '');
}

/** The container that an administrator gives flags to. */
function containerOf(deployment: JsonObject): unknown {
  const containers = containersOf(deployment);
  return containers.find((container) => stringMember(container, 'name') === APP) ?? containers[0];
}

function containersOf(deployment: JsonObject): readonly unknown[] {
  const template = objectMember(objectMember(deployment, 'spec'), 'template');
  return arrayMember(objectMember(template, 'spec'), 'containers');
}

/**
 * The value of a flag of `run`, as arguments or environment give it; empty for one without a value; `undefined` if it
 * is not set.
 */
export function findFlag(deployment: JsonObject, flag: string): string | undefined {
  const container = containerOf(deployment);
  const args = arrayMember(container, 'args').filter((arg) => typeof arg === 'string');
  for (const [index, arg] of args.entries()) {
    if (arg === `--${flag}`) return args[index + 1]?.startsWith('--') === false ? args[index + 1] : '';
    if (arg.startsWith(`--${flag}=`)) return arg.slice(flag.length + 3);
  }
  const variable = arrayMember(container, 'env').find(
    (entry) => stringMember(entry, 'name') === environmentName(flag),
  );
  return stringMember(variable, 'value');
}

/** Whether pods are nudged after a renewal. */
export function isPromptDelivery(deployment: JsonObject | undefined): boolean {
  return deployment !== undefined && isOn(deployment, 'prompt-delivery');
}

/** Whether the label of a namespace names the token of pods that name none. */
export function hasNamespaceDefault(deployment: JsonObject): boolean {
  return !isOn(deployment, 'no-namespace-default') && findNamespaces(deployment) === undefined;
}

function isOn(deployment: JsonObject, flag: string): boolean {
  const value = findFlag(deployment, flag);
  return value !== undefined && value !== 'false';
}

/** The namespaces that it is limited to; `undefined`: all. */
export function findNamespaces(deployment: JsonObject | undefined): readonly string[] | undefined {
  const text = deployment === undefined ? undefined : findFlag(deployment, 'namespaces');
  return text === undefined ? undefined : text.split(',').map((name) => name.trim());
}
