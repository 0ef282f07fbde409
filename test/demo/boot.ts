import { dirname } from 'node:path';
import { findBinaries } from '../controlplane/binaries.ts';
import { chooseEntry } from '../controlplane/choose-entry.ts';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { type Stage, startStage } from '../controlplane/stage.ts';
import { execute } from '../runs/execute.ts';
import { pathOf } from './demo.ts';
import type { Screen } from './screen.ts';
import { StepFailure, verify } from './step-failure.ts';

/**
 * Finds the programs that the demo needs, before anything that takes long. Throws a ControlPlaneError that
 * says what is missing.
 */
export async function findPrograms(screen: Screen): Promise<void> {
  try {
    await execute('openssl', ['version']);
  } catch {
    throw new ControlPlaneError(
      'openssl cannot be run, and certs/make-dev-certs.sh makes the webhook’s certificate with it: apt-get install openssl',
    );
  }
  const { kubectl } = await findBinaries(); // it shows its own progress if they must be built
  screen.check(`etcd, kube-apiserver, kube-controller-manager and kubectl are in ${dirname(kubectl)}`);
}

/**
 * Starts the control plane, installs the shipped manifests and starts the service. Throws a ControlPlaneError
 * if the control plane fails, and a StepFailure if anything of ours fails afterwards.
 */
export async function setStage(screen: Screen): Promise<Stage> {
  const entry = await chooseEntry();
  let stands = false;
  try {
    const starting = startStage({
      entry: pathOf(entry.file),
      log: (line) => {
        if (line.includes(' started ')) screen.whisper(line);
        stands ||= line.startsWith('kube-controller-manager started'); // the last of the three components
      },
    });
    const stage = await screen.wait('control plane, manifests and service start', starting);
    screen.whisper(`jwt-injector started (pid ${stage.service().pid})`);
    await showStage(screen, stage, `${entry.file} (${entry.why})`);
    return stage;
  } catch (error) {
    if (!stands || error instanceof StepFailure) throw error;
    throw new StepFailure('control plane and service to start', describe(error));
  }
}

async function showStage(screen: Screen, stage: Stage, entry: string): Promise<void> {
  const { cluster } = stage;
  const { stdout } = await cluster.kubectl(['version', '-o', 'json']);
  const { serverVersion } = JSON.parse(stdout) as { serverVersion?: { gitVersion?: string } };
  const version = serverVersion?.gitVersion ?? '';
  verify(version !== '', 'the API server to say its version', stdout);
  screen.check(`Kubernetes ${version} answers at ${cluster.url}; it has no nodes, so pods stay Pending`);

  const kinds = 'crd/jwts.tokens.osg-htc.org,mutatingwebhookconfiguration/jwt-injector';
  const { stdout: names } = await cluster.kubectl(['get', ...kinds.split(','), '-o', 'name']);
  verify(
    names.trim().split('\n').length === 2,
    'the CRD and the webhook configuration to be installed',
    names,
  );
  screen.check('deploy/kustomize is installed: CRD, ServiceAccount with its RBAC, webhook');

  const ready = await fetch(`http://127.0.0.1:${stage.service().httpPort}/readyz`);
  verify(ready.ok, 'the service to be ready', `${ready.status}: ${await ready.text()}`);
  screen.check(`jwt-injector runs beside the cluster, as its own ServiceAccount, from ${entry}`);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
