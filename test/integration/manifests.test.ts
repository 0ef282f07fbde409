import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { installCrd } from '../controlplane/install.ts';
import { borrowEmptyCluster, type BorrowedCluster } from '../controlplane/loan.ts';
import { readForeignCrds } from '../deploy/foreign-crds.ts';
import { CHART, openHelm } from '../deploy/helm.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { WISHES } from '../deploy/wishes.ts';
import { runShell } from './cli-run.ts';

/** A pod that is not allowed is refused, and its workload gets a warning. */
const RESTRICTED = ['warn', 'enforce'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
const KUSTOMIZE = join(import.meta.dirname, '../../deploy/kustomize');

describe('the shipped manifests, unchanged:', () => {
  let cluster: BorrowedCluster;
  before(async () => {
    cluster = await borrowEmptyCluster();
    await installCrd(cluster);
    await cluster.apply(await readForeignCrds('cert-manager'));
    await cluster.apply(await readForeignCrds('prometheus-operator'));
    for (const name of ['jwt-injector', 'tokens', 'biology', 'physics']) {
      await cluster.createNamespace(name);
      await cluster.kubectl(['label', 'namespace', name, ...RESTRICTED]);
    }
  });
  after(() => cluster.stop());

  const apply = (...args: string[]) =>
    cluster.kubectl(['apply', '--server-side', '--validate=strict', ...args]);

  for (const folder of ['crd', 'default', 'final-state-policy']) {
    it(`${folder} is accepted by the API server without a warning`, async () => {
      const { stderr } = await apply('--force-conflicts', '--dry-run=server', '-k', join(KUSTOMIZE, folder));
      assert.equal(stderr, '');
    });
  }

  for (const [name, { values, overlay, namespace = 'jwt-injector' }] of Object.entries(WISHES)) {
    it(`the objects that chart and kustomize render are accepted without a warning: ${name}`, async () => {
      await using helm = await openHelm();
      for (const yaml of [
        await helm.render(values, '--namespace', namespace),
        await renderOverlay(overlay),
      ]) {
        const text = readObjects(yaml).map((object) => stringify(object));
        assert.deepEqual(await cluster.apply(text.join('---\n'), { dryRun: true }), []);
      }
    });
  }

  it('the pod of helm test is allowed with Pod Security restricted', async () => {
    await using helm = await openHelm();
    const place = ['-n', 'jwt-injector', '--show-only', 'templates/tests/review.yaml'];
    const pod = await helm.run('template', 'jwt-injector', CHART, ...place);
    assert.deepEqual(await cluster.apply(pod, { dryRun: true }), []);
    const asRoot = pod.replace('runAsNonRoot: true', 'runAsNonRoot: false');
    await assert.rejects(cluster.apply(asRoot, { dryRun: true }), /violates PodSecurity/);
  });

  it('the role of a single namespace is accepted without a warning', async () => {
    const { stderr } = await apply(
      '--dry-run=server',
      '-n',
      'default',
      '-f',
      join(KUSTOMIZE, 'namespaced/role.yaml'),
    );
    assert.equal(stderr, '');
  });

  it('the pods of the Deployment are allowed with Pod Security restricted', async () => {
    await apply('--force-conflicts', '-k', join(KUSTOMIZE, 'default'));
    const { stderr } = await cluster.kubectl([
      'rollout',
      'restart',
      '-n',
      'jwt-injector',
      'deployment/jwt-injector',
    ]);
    assert.equal(stderr, '');
    const available = ['--for=jsonpath={.status.replicas}=3', '--timeout=60s'];
    await cluster.kubectl(['wait', '-n', 'jwt-injector', 'deployment/jwt-injector', ...available]);
  });

  it('the commands of the README remove everything that an overlay has, without an error, and leave the CRD', async () => {
    const resources = ['default', 'final-state-policy'].map((name) => `../deploy/kustomize/${name}`);
    const files = { 'my-cluster/kustomization.yaml': JSON.stringify({ resources }) };
    await runShell(cluster, ['kubectl apply --server-side --force-conflicts -k my-cluster'], { files });
    const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
    const section = readme.slice(readme.indexOf('## Uninstall'), readme.indexOf('## License'));
    const commands = [...section.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command);
    assert.equal(commands.length, 2);
    const printed = await runShell(cluster, commands, { files });
    assert.doesNotMatch(printed, /error|not found/i);
    const kinds = [
      'namespaces,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations',
      'validatingadmissionpolicies,validatingadmissionpolicybindings,crds',
    ];
    const { stdout } = await cluster.kubectl(['get', kinds.join(), '-o', 'name']);
    const left = stdout.split('\n').filter((name) => /jwt-injector|jwts/.test(name));
    assert.deepEqual(left, ['customresourcedefinition.apiextensions.k8s.io/jwts.tokens.osg-htc.org']);
  });
});
