import type { X509Certificate } from 'node:crypto';
import { isAmong } from '../../certificates/ca-bundle.ts';
import { hasExpired, readCertificates, writeCertificates } from '../../certificates/read-certificates.ts';
import {
  patchBundles,
  readConfiguration,
  type ConfigurationKind,
  type WebhookConfiguration,
} from '../../certificates/webhook-configuration.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { APP } from '../../resources/names.ts';
import type { Milliseconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { explainFailure } from '../../kube/explain-failure.ts';

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
  const read = async (kind: ConfigurationKind): Promise<WebhookConfiguration> =>
    readConfiguration(await client.get(pathOf(kind)), kind);
  const seen = await Promise.all(KINDS.map(read));
  const kept = seen.find(({ injector }) => injector !== undefined);
  if (kept !== undefined) {
    stderr.write(
      `error: the ${kept.kind} webhook configuration ${APP} has the annotation ${kept.injector}: cert-manager keeps its caBundle, ` +
        'and would take this back\n',
    );
    return EXIT.refused;
  }
  const tryToExtend = async (configuration: WebhookConfiguration, left: number): Promise<string> => {
    const { kind, entries } = configuration;
    const changes = entries.flatMap(({ index, name, caBundle: present }) => {
      const caBundle = extendBundle(present, options);
      return caBundle === undefined ? [] : [{ index, name, caBundle }];
    });
    if (changes.length === 0) return `all ${entries.length} entries trust it already`;
    try {
      await client.jsonPatch(pathOf(kind), patchBundles(configuration, changes));
    } catch (error) {
      if (left === 0 || explainFailure(error)?.meaning !== 'stale') throw error;
      return tryToExtend(await read(kind), left - 1);
    }
    const others = options.isAlone ? 'and nothing else' : 'beside what was there';
    return `${changes.length} of ${entries.length} entries changed: they trust it ${others}`;
  };
  for (const configuration of seen) {
    const outcome = await tryToExtend(configuration, TRIES - 1);
    stdout.write(`${configuration.kind} webhook configuration ${APP}: ${outcome}\n`);
  }
  return EXIT.done;
}

function pathOf(kind: ConfigurationKind): string {
  const plural = `${kind}webhookconfigurations`;
  return resourcePath({ group: 'admissionregistration.k8s.io', version: 'v1', plural }, { name: APP });
}

/** The PEM text that trusts the authorities, too; `undefined` when it is so already. Pure. */
export function extendBundle(
  present: string,
  { authorities, isAlone, now }: TrustOptions,
): string | undefined {
  const found = readCertificates(present);
  const others = found.filter(
    (certificate) => !isAlone && !hasExpired(certificate, now) && !isAmong(certificate, authorities),
  );
  const all = [...authorities, ...others];
  const isSo = all.length === found.length && all.every((certificate) => isAmong(certificate, found));
  return isSo ? undefined : writeCertificates(all);
}
