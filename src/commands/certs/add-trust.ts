import type { X509Certificate } from 'node:crypto';
import { findAppliers, isUpdatedByHelm } from '../../certificates/bundle-appliers.ts';
import { addToBundle, changeBundles, replaceBundle } from '../../certificates/ca-bundle.ts';
import { hasExpired } from '../../certificates/read-certificates.ts';
import {
  patchBundles,
  readConfiguration,
  type BundleChange,
  type ConfigurationKind,
  type WebhookConfiguration,
} from '../../certificates/webhook-configuration.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import type { JsonObject } from '../../resources/json.ts';
import { APP } from '../../resources/names.ts';
import { ok, type Result } from '../../resources/result.ts';
import type { Milliseconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { classifyFailure } from '../../kube/classify-failure.ts';

/** The authorities that the API server must trust. */
interface TrustOptions {
  readonly authorities: readonly X509Certificate[];
  /** Whether all others are removed. */
  readonly isAlone: boolean;
  /** Whether they stay when the one who applied `caBundle`, such as Helm, leaves it out. */
  readonly isKept: boolean;
  readonly now: Milliseconds;
}

/** A webhook configuration, and the object that it was read from. */
interface Found {
  readonly object: JsonObject;
  readonly configuration: WebhookConfiguration;
}

const CONFIGURATION_KINDS: readonly ConfigurationKind[] = ['mutating', 'validating'];

/** Another one than the service's, so that the object shows who did it. */
const CERTS_FIELD_MANAGER = `${APP}-certs`;

/** Others write a configuration rarely: a replica that renews its certificate, for example. */
const WRITE_TRIES = 3;

/** Puts the authorities into `caBundle` of every entry of ours. After a conflict the configuration is read again. */
export async function addTrust(
  { client }: { readonly client: Pick<Access['client'], 'get' | 'jsonPatch'> },
  options: TrustOptions,
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
): Promise<ExitCode> {
  const refuse = (problem: string): ExitCode => {
    stderr.write(`error: ${problem}\n`);
    return EXIT.refused;
  };
  const read = async (kind: ConfigurationKind): Promise<Found> => {
    const object = await client.get(pathOf(kind));
    return { object, configuration: readConfiguration(object, kind) };
  };
  const seen = await Promise.all(CONFIGURATION_KINDS.map(read));
  const injected = seen.find(({ configuration }) => configuration.injector !== undefined)?.configuration;
  if (injected !== undefined)
    return refuse(
      `the ${injected.kind} webhook configuration ${APP} has the annotation ${injected.injector}: cert-manager keeps its caBundle, ` +
        'and would take this back',
    );
  const tryToExtend = async (found: Found, left: number): Promise<Result<string, string>> => {
    const { kind, entries } = found.configuration;
    const changes = planChanges(found, options);
    if (!changes.ok) return changes;
    if (changes.value.length === 0) return ok(`all ${entries.length} entries trust it already`);
    try {
      const steps = patchBundles(found.configuration, changes.value);
      await client.jsonPatch(pathOf(kind), steps, { query: { fieldManager: CERTS_FIELD_MANAGER } });
    } catch (error) {
      if (left === 0 || classifyFailure(error)?.meaning !== 'stale') throw error;
      return tryToExtend(await read(kind), left - 1);
    }
    const others = options.isAlone ? 'and nothing else' : 'beside what was there';
    const kept = options.isKept ? ', and keep that' : '';
    return ok(`${changes.value.length} of ${entries.length} entries changed: they trust it ${others}${kept}`);
  };
  // Both or none of them: what cannot be done is found before the first write.
  for (const found of seen) {
    const planned = planChanges(found, options);
    if (!planned.ok) return refuse(planned.problem);
  }
  for (const found of seen) {
    const outcome = await tryToExtend(found, WRITE_TRIES - 1);
    if (!outcome.ok) return refuse(outcome.problem);
    stdout.write(`${found.configuration.kind} webhook configuration ${APP}: ${outcome.value}\n`);
  }
  if (!options.isKept) return EXIT.done;
  const [problem] = (await Promise.all(CONFIGURATION_KINDS.map(read))).flatMap(listApplied);
  if (problem !== undefined) return refuse(problem);
  if (seen.some(({ object }) => isUpdatedByHelm(object))) stderr.write(`warning: ${UPDATED_BY_HELM}\n`);
  return EXIT.done;
}

const UPDATED_BY_HELM =
  'Helm installed this release without server-side apply, and would remove what the chart no longer has: add ' +
  '--server-side=true --force-conflicts to the next helm upgrade';

function pathOf(kind: ConfigurationKind): string {
  const plural = `${kind}webhookconfigurations`;
  return resourcePath({ group: 'admissionregistration.k8s.io', version: 'v1', plural }, { name: APP });
}

function planChanges(
  { object, configuration }: Found,
  options: TrustOptions,
): Result<readonly BundleChange[], string> {
  return changeBundles(configuration.entries, (present, name) => {
    const extended = extendBundle(present, options);
    if (!extended.ok || extended.value !== undefined) return extended;
    const isToKeep = options.isKept && findAppliers(object, name).length > 0;
    return ok(isToKeep ? withOtherEnd(present) : undefined);
  });
}

/** The PEM text that trusts the authorities, too; `undefined` when it is so already. The problem is as of `addToBundle`. */
function extendBundle(
  present: string,
  { authorities, isAlone, now }: Omit<TrustOptions, 'isKept'>,
): Result<string | undefined, string> {
  return isAlone
    ? replaceBundle(present, authorities)
    : addToBundle(present, authorities, (other) => !hasExpired(other, now));
}

/** The text with or without a line break at its end: the bytes differ, so the field goes over to who writes them. */
function withOtherEnd(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : `${text}\n`;
}

/** The entries that would still be removed when somebody no longer applies them. */
function listApplied({ object, configuration }: Found): readonly string[] {
  return configuration.entries.flatMap(({ name }) =>
    findAppliers(object, name).map(
      (manager) =>
        `caBundle of ${name} is applied by "${manager}" again: suspend what does that, and repeat this command`,
    ),
  );
}
