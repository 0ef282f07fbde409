import { problem, type Judgement } from '../installation/finding.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** Whether jwt-injector is where the caller said, and anywhere at all. Says nothing if it is. */
export function checkInstallation(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { namespace, wrongNamespace, printer } = snapshot;
  if (!isInstalled(snapshot))
    return [
      problem(
        `jwt-injector is not in namespace ${namespace}, and no webhook configuration names another one`,
        'install it: docs/install.md of the checkout; or name its namespace: -n',
      ),
    ];
  if (wrongNamespace === undefined) return [];
  return [
    problem(
      `jwt-injector is in namespace ${namespace}, and not in ${wrongNamespace}: what follows is about ${namespace}`,
      `leave out -n, which is not the namespace of your JWTs here: ${printer.jwtInjector('doctor')}`,
    ),
  ];
}

/** Whether anything is there that only an installation brings; the CRD stays when it is uninstalled. */
export function isInstalled(
  snapshot: Pick<InstallationSnapshot, 'deployment' | 'controller' | 'service' | 'mutating' | 'validating'>,
): boolean {
  const { deployment, controller, service, mutating, validating } = snapshot;
  return [deployment, controller, service, mutating, validating].some(({ state }) => state !== 'absent');
}
