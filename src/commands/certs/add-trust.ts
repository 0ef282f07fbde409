import type { X509Certificate } from 'node:crypto';
import { addToBundle, changeBundles, replaceBundle } from '../../certificates/ca-bundle.ts';
import { hasExpired } from '../../certificates/read-certificates.ts';
import {
  patchBundles,
  readConfiguration,
  type ConfigurationKind,
  type WebhookConfiguration,
} from '../../certificates/webhook-configuration.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { APP } from '../../resources/names.ts';
import { ok, type Result } from '../../resources/result.ts';
import type { Milliseconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { classifyFailure } from '../../kube/classify-failure.ts';

/** The authorities that the API server must trust. */
export interface TrustOptions {
  readonly authorities: readonly X509Certificate[];
  /** Whether all others are removed. */
  readonly isAlone: boolean;
  readonly now: Milliseconds;
}

const KINDS: readonly ConfigurationKind[] = ['mutating', 'validating'];

/** Others write a configuration rarely: a replica that renews its certificate, for example. */
const TRIES = 3;

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
  const read = async (kind: ConfigurationKind): Promise<WebhookConfiguration> =>
    readConfiguration(await client.get(pathOf(kind)), kind);
  const seen = await Promise.all(KINDS.map(read));
  const kept = seen.find(({ injector }) => injector !== undefined);
  if (kept !== undefined)
    return refuse(
      `the ${kept.kind} webhook configuration ${APP} has the annotation ${kept.injector}: cert-manager keeps its caBundle, ` +
        'and would take this back',
    );
  const plan = ({ entries }: WebhookConfiguration) =>
    changeBundles(entries, (present) => extendBundle(present, options));
  const tryToExtend = async (
    configuration: WebhookConfiguration,
    left: number,
  ): Promise<Result<string, string>> => {
    const { kind, entries } = configuration;
    const changes = plan(configuration);
    if (!changes.ok) return changes;
    if (changes.value.length === 0) return ok(`all ${entries.length} entries trust it already`);
    try {
      await client.jsonPatch(pathOf(kind), patchBundles(configuration, changes.value));
    } catch (error) {
      if (left === 0 || classifyFailure(error)?.meaning !== 'stale') throw error;
      return tryToExtend(await read(kind), left - 1);
    }
    const others = options.isAlone ? 'and nothing else' : 'beside what was there';
    return ok(`${changes.value.length} of ${entries.length} entries changed: they trust it ${others}`);
  };
  // Both or none of them: what cannot be done is found before the first write.
  for (const planned of seen.map(plan)) if (!planned.ok) return refuse(planned.problem);
  for (const configuration of seen) {
    const outcome = await tryToExtend(configuration, TRIES - 1);
    if (!outcome.ok) return refuse(outcome.problem);
    stdout.write(`${configuration.kind} webhook configuration ${APP}: ${outcome.value}\n`);
  }
  return EXIT.done;
}

function pathOf(kind: ConfigurationKind): string {
  const plural = `${kind}webhookconfigurations`;
  return resourcePath({ group: 'admissionregistration.k8s.io', version: 'v1', plural }, { name: APP });
}

/** The PEM text that trusts the authorities, too; `undefined` when it is so already. The problem is as of `addToBundle`. Pure. */
export function extendBundle(
  present: string,
  { authorities, isAlone, now }: TrustOptions,
): Result<string | undefined, string> {
  return isAlone
    ? replaceBundle(present, authorities)
    : addToBundle(present, authorities, (other) => !hasExpired(other, now));
}
