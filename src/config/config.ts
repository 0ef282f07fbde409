import { listWithoutEffect } from './list-without-effect.ts';
import type { Halves } from './needs-cluster.ts';
import { readAddress } from './read-address.ts';
import { readController } from './read-controller.ts';
import { readNamespaces } from './read-namespaces.ts';
import { readPolicy } from './read-policy.ts';
import { readWebhook } from './read-webhook.ts';
import { refuseOnePort } from './refuse-one-port.ts';
import type { FlagName } from './run-flags.ts';
import { Settings } from './settings.ts';
import { LOG_LEVELS, parseLogLevel, type Address, type LogLevel } from './values.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { SigningPolicy } from '../resources/signing-policy.ts';

/** Settings of `jwt-injector run`. */
export interface Config extends Halves {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** Kubernetes sets this variable in every container: it says that this process is in a pod, not where its cluster is. */
  readonly isInPod: boolean;
  /** The only namespaces to look at, with Roles alone; `undefined` = all. Not empty. */
  readonly namespaces: readonly string[] | undefined;
  /** The limits for JWTs; both halves apply them. */
  readonly policy: SigningPolicy;
  readonly httpAddress: Address;
  readonly logLevel: LogLevel;
  /** Flags that were given, and that nothing heeds that is switched on. */
  readonly withoutEffect: readonly FlagName[];
  /** Environment variables with the beginning of ours that set nothing. */
  readonly unknownVariables: readonly string[];
}

/**
 * Reads flags and environment; flags win. Names every problem at once, one sentence each: a value of a wrong form also
 * where its half is switched off, since it was set for a reason.
 */
export function parseConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Result<Config, readonly string[]> {
  const settings = new Settings(args, environment);
  const namespaces = readNamespaces(settings);
  const noWebhook = settings.isOn('no-webhook');
  const noController = settings.isOn('no-controller');
  if (noWebhook && noController)
    settings.refuse(
      ['no-webhook', 'no-controller'],
      '--no-webhook and --no-controller together leave nothing to do: remove one of them',
    );
  const webhook = readWebhook(settings, namespaces);
  if (!noWebhook && namespaces !== undefined && webhook.certificate.from === 'secret')
    settings.refuse(
      ['namespaces', 'tls-cert-file', 'tls-key-file', 'no-webhook'],
      '--namespaces needs --tls-cert-file and --tls-key-file: a self-issued certificate takes rights on webhook configurations, which have no namespace (or --no-webhook)',
    );
  const controller = readController(settings);
  const httpAddress = readAddress(settings, 'http-address');
  if (!noWebhook) refuseOnePort(settings, webhook, httpAddress);
  const halves: Halves = {
    webhook: noWebhook ? undefined : webhook,
    controller: noController ? undefined : controller,
  };
  const config: Config = {
    ...halves,
    kubeconfig: settings.text('kubeconfig'),
    context: settings.text('context'),
    isInPod: environment['KUBERNETES_SERVICE_HOST'] !== undefined,
    namespaces,
    policy: readPolicy(settings),
    httpAddress,
    logLevel: settings.parsed('log-level', parseLogLevel, `one of ${LOG_LEVELS.join(', ')}`, 'info'),
    withoutEffect: listWithoutEffect(settings, halves),
    unknownVariables: settings.unknownVariables,
  };
  return settings.problems.length === 0 ? ok(config) : fail(settings.problems);
}
