import { readLegacyKeyNamespace } from '../../config/read-controller.ts';
import { readNamespaces } from '../../config/read-namespaces.ts';
import {
  readCertificateConfig,
  takesNamespaceDefault,
  type CertificateConfig,
} from '../../config/read-webhook.ts';
import type { FlagName } from '../../config/run-flags.ts';
import { Settings } from '../../config/settings.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { APP } from '../../resources/names.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { problem, unknown, type Judgement } from './finding.ts';
import { CORRECT_FLAG } from './remedies.ts';

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

/** Whether pods are nudged after a renewal. */
export function isPromptDelivery(deployment: JsonObject | undefined): boolean {
  return deployment !== undefined && settingsOf(deployment).isOn('prompt-delivery');
}

/** Whether the label of a namespace names the token of pods that name none. */
export function hasNamespaceDefault(deployment: JsonObject): boolean {
  const settings = settingsOf(deployment);
  return takesNamespaceDefault(settings, readNamespaces(settings));
}

/** The namespaces that it is limited to; `undefined`: all. Fails with the judgement on the flag. */
export function findNamespaces(
  deployment: JsonObject | undefined,
): Result<readonly string[] | undefined, Judgement> {
  return deployment === undefined ? ok(undefined) : readValid(deployment, 'namespaces', readNamespaces);
}

/** The namespace of keys whose JWTs name none; `undefined`: that of the JWT, or it cannot be found out. */
export function findLegacyKeyNamespace(deployment: JsonObject | undefined): string | undefined {
  if (deployment === undefined) return undefined;
  const namespace = readValid(deployment, 'legacy-key-namespace', readLegacyKeyNamespace);
  return namespace.ok ? namespace.value : undefined;
}

/** The source of its certificate. Fails with the judgement on the flag. */
export function findCertificateConfig(deployment: JsonObject): Result<CertificateConfig, Judgement> {
  return readValid(deployment, 'tls-secret', readCertificateConfig);
}

/** Reads what this flag says, where `run` takes its value. A placeholder must name nothing that is then read or asked for. */
function readValid<T>(
  deployment: JsonObject,
  flag: FlagName,
  read: (settings: Settings) => T,
): Result<T, Judgement> {
  const settings = settingsOf(deployment);
  const value = read(settings);
  const fault = settings.problemOf(flag);
  if (fault === undefined) return ok(value);
  const text = settings.text(flag);
  return fail(
    text?.includes('$(') === true
      ? unknown(`the Deployment sets --${flag} to "${text}", which is known in its containers only`)
      : problem(`the Deployment has an invalid flag: ${fault}`, CORRECT_FLAG),
  );
}

/**
 * The settings that `run` reads there. A variable counts as not set if its value is somewhere else (`valueFrom`, `envFrom`).
 * Faults of flags that are on or off are not checked: the container reports them when it starts.
 */
function settingsOf(deployment: JsonObject): Settings {
  const container = containerOf(deployment);
  const args = arrayMember(container, 'args').filter((arg) => typeof arg === 'string');
  const variables = arrayMember(container, 'env').map((entry) => [
    stringMember(entry, 'name') ?? '',
    stringMember(entry, 'value'),
  ]);
  return new Settings(args, Object.fromEntries(variables));
}
