import type { CommandPrinter } from '../cluster/command-printer.ts';

/** The place of the CRD below the folder of a checkout or a release, as the docs name it. */
const CRD_FOLDER = 'deploy/kustomize/crd';
const APPLY = ['apply', '--server-side', '--force-conflicts', '-k'];

/** Both ways of installing put back what is missing or changed. */
export function installAgain({ kubectl, helm }: CommandPrinter): string {
  return `install this version again, with the values you use: ${helm('upgrade')}, or ${kubectl(...APPLY, 'my-cluster')} (the folder that you installed: docs/install.md)`;
}

/** For the CRD, which both leave as it is or which is apart from the rest. */
export function installCrd({ kubectl }: CommandPrinter): string {
  return kubectl(...APPLY, CRD_FOLDER);
}

/** Whether `installCrd` finds what it installs: it is for the folder of a checkout or a release. */
export const HAS_CRD = `test -d ${CRD_FOLDER}`;

/** For a flag of the Deployment that `run` refuses: only its owner knows what was meant. */
export const CORRECT_FLAG = 'correct that flag, or its variable, where the Deployment comes from';

/** The pods of all Deployments: with `separate` those that renew tokens are not those that answer reviews. */
const ALL_PODS = ['-l', 'app.kubernetes.io/part-of=jwt-injector'];

/** An installation, and how commands for its cluster are printed. */
interface Installed {
  readonly namespace: string;
  readonly printer: CommandPrinter;
}

/** The command that shows the logs of its pods. */
export function readLogs({ namespace, printer }: Installed): string {
  return printer.kubectl('logs', '-n', namespace, ...ALL_PODS, '--prefix', '--tail=50');
}

/** How its pods are. */
export function lookAtPods({ namespace, printer }: Installed): string {
  return printer.kubectl('describe', 'pods', '-n', namespace, ...ALL_PODS);
}
