import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { tlsSecretObject } from '../../src/certificates/tls-secret.ts';
import { borrowEmptyCluster, type BorrowedCluster } from '../controlplane/loan.ts';
import { runShell } from '../integration/cli-run.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { readInstructions } from './documented.ts';
import { CHART, openHelm, UNCHECKED, type Helm } from './helm.ts';
import { writeTokenManagerChart } from './token-manager-chart.ts';

const PAGE = 'docs/install.md';
const CRD = 'customresourcedefinition.apiextensions.k8s.io/jwts.tokens.osg-htc.org';
const PLACE = ['--namespace', 'jwt-injector'];
const SECRET = ['secret', 'jwt-injector-tls', ...PLACE];
const OURS =
  'crds,namespaces,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations';

describe('installing, upgrading and uninstalling as docs/install.md says', { concurrency: false }, () => {
  let cluster: BorrowedCluster;
  let helm: Helm;
  before(async () => {
    cluster = await borrowEmptyCluster();
    helm = await openHelm(cluster.adminKubeconfig);
  });
  after(async () => {
    await helm[Symbol.asyncDispose]();
    await cluster.stop();
  });

  /** Runs the commands of a section; gives the output. Fails if a command fails. */
  async function follow(heading: string, program = helm.unchecked): Promise<string> {
    const { commands, files } = readInstructions(PAGE, heading);
    assert.ok(commands.length > 0, `${heading} has no command that can be run`);
    return runShell(cluster, commands, { files, programs: { helm: program } });
  }

  async function read(...args: readonly string[]): Promise<string> {
    return (await cluster.kubectl(['get', ...args])).stdout.trim();
  }

  async function clusterObjects(): Promise<readonly string[]> {
    const names = (await read(OURS, '-o', 'name')).split('\n');
    return names.filter((name) => /jwt-injector|jwts/.test(name)).toSorted();
  }

  const replicas = (): Promise<string> =>
    read('deployment', 'jwt-injector', ...PLACE, '-o', 'jsonpath={.spec.replicas}');

  const scale = (to: number) =>
    cluster.kubectl(['scale', 'deployment', 'jwt-injector', ...PLACE, `--replicas=${to}`]);

  it('Helm installs everything, and then users create JWTs', async () => {
    await follow('## With Helm', helm.program);
    assert.equal(await replicas(), '2');
    await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', CRD]);
    await cluster.createNamespace('science');
    const { apiVersion, kind, spec } = wireJwt();
    const jwt = { apiVersion, kind, metadata: { name: 'my-jwt', namespace: 'science' }, spec };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'my-jwt', namespace: 'science' } };
    await cluster.apply([jwt, secret].map((object) => stringify(object)).join('---\n'));
  });

  it('an upgrade does not change the number of replicas and caBundle that others set', async () => {
    await scale(5);
    const bundle = Buffer.from(cluster.ca).toString('base64');
    const operation = { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: bundle };
    const target = ['mutatingwebhookconfiguration', 'jwt-injector'];
    await cluster.kubectl(['patch', ...target, '--type=json', '-p', JSON.stringify([operation])]);
    await cluster.kubectl(['patch', ...SECRET, '--type=merge', '-p', '{"data":{"ca.crt":"eA=="}}']);
    await helm.run('upgrade', 'jwt-injector', CHART, ...PLACE, UNCHECKED, '--reset-then-reuse-values');
    assert.equal(await replicas(), '5');
    assert.equal(await read(...SECRET, '-o', 'jsonpath={.data}'), '{"ca.crt":"eA=="}');
    assert.equal(await read(...target, '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}'), bundle);
    assert.match(
      await read('deployment', 'jwt-injector', ...PLACE, '-o', 'yaml'),
      /image: registry\.example\.org\/jwt-inj/,
    );
  });

  it('the Secret of a self-issued certificate stays unchanged without any flag', async () => {
    const data = { 'ca.crt': 'x', 'ca.key': 'x', 'tls.crt': 'x', 'tls.key': 'x' };
    const place = { namespace: 'jwt-injector', name: 'jwt-injector-tls' };
    const made = tlsSecretObject(data, place, undefined); // where another user deleted that of the release
    await cluster.kubectl(['delete', ...SECRET]);
    await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(made) });
    const earlier = await read(...SECRET, '-o', 'json');
    await helm.run('upgrade', 'jwt-injector', CHART, ...PLACE, UNCHECKED, '--reset-then-reuse-values');
    assert.equal(await read(...SECRET, '-o', 'json'), earlier);
  });

  it('a foreign Secret of that name stops an upgrade, and is not changed', async () => {
    const earlier = await read(...SECRET, '-o', 'jsonpath={.metadata.uid}');
    await cluster.kubectl(['label', ...SECRET, 'app.kubernetes.io/name=somebody', '--overwrite']);
    const { code, stderr } = await helm.try('upgrade', 'jwt-injector', CHART, ...PLACE, UNCHECKED);
    assert.notEqual(code, 0);
    assert.match(
      stderr,
      /Secret "jwt-injector-tls" in namespace "jwt-injector" exists and cannot be imported/,
    );
    assert.equal(await read(...SECRET, '-o', 'jsonpath={.metadata.uid}'), earlier);
    await cluster.kubectl(['label', ...SECRET, 'app.kubernetes.io/name=jwt-injector', '--overwrite']);
  });

  it('upgrade and rollback work as documented after scaling', async () => {
    await follow('### Upgrade');
    await cluster.kubectl(['wait', ...PLACE, 'deployment/jwt-injector', '--for=jsonpath={.spec.replicas}=5']);
  });

  it('uninstalling leaves CRD, JWTs and Secrets', async () => {
    await follow('### Uninstall');
    assert.deepEqual(await clusterObjects(), [CRD, 'namespace/jwt-injector']);
    assert.match(await read('jwts,secrets', '-n', 'science', '-o', 'name'), /jwt.*my-jwt\nsecret\/my-jwt/);
  });

  it('a release of the same name takes over the CRD again, and upgrades it', async () => {
    const older = join(cluster.folder, 'older-chart');
    await cp(CHART, older, { recursive: true });
    const file = join(older, 'files/crd/jwts.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('shortNames: [jwt]', 'shortNames: [older]'));
    const shortNames = (): Promise<string> => read(CRD, '-o', 'jsonpath={.spec.names.shortNames}');
    await helm.run('install', 'jwt-injector', older, ...PLACE, UNCHECKED);
    assert.equal(await shortNames(), '["older"]');
    await helm.run('upgrade', 'jwt-injector', CHART, ...PLACE, UNCHECKED);
    assert.equal(await shortNames(), '["jwt"]');
    await helm.run('rollback', 'jwt-injector', ...PLACE);
    assert.equal(await shortNames(), '["older"]');
    await helm.run('uninstall', 'jwt-injector', ...PLACE);
  });

  it('objects that another release left, or that belong to no release, are only taken over with the documented flags', async () => {
    const { code, stderr } = await helm.try('install', 'other', CHART, ...PLACE, UNCHECKED);
    assert.notEqual(code, 0);
    assert.match(stderr, /exists and cannot be imported into the current release/);
    await helm.run('install', 'other', CHART, ...PLACE, UNCHECKED, '--take-ownership', '--force-conflicts');
    await helm.run('uninstall', 'other', ...PLACE);
    assert.match(await read('jwts', '-n', 'science', '-o', 'name'), /my-jwt/);
  });

  it('kustomize installs over the kept CRD, and no leftover of Helm blocks it', async () => {
    await cluster.kubectl(['delete', 'namespace', 'jwt-injector']);
    const { commands, files } = readInstructions(PAGE, '## With kustomize');
    const [crd = '', rest = '', ...uninstall] = commands;
    const options = { files, programs: {} };
    await runShell(cluster, [`${crd} --force-conflicts`, rest], options);
    assert.match(
      await read('deployment', 'jwt-injector', ...PLACE, '-o', 'yaml'),
      /image: registry\.example\.org\/jwt-injector:0/,
    );
    // A second time, as for an upgrade; with the component that leaves replicas unchanged.
    await cluster.kubectl(['patch', ...SECRET, '--type=merge', '-p', '{"data":{"ca.crt":"eA=="}}']);
    await follow('### The number of replicas');
    assert.equal(await replicas(), '3');
    await assert.rejects(
      runShell(cluster, [rest], options),
      /conflict with "kubectl" with subresource "scale"/,
    );
    const scaled = readInstructions(PAGE, '### The number of replicas').files;
    await runShell(cluster, [crd, rest], { ...options, files: scaled });
    assert.equal(await replicas(), '3');
    assert.equal(await read(...SECRET, '-o', 'jsonpath={.data}'), '{"ca.crt":"eA=="}');
    const printed = await runShell(cluster, uninstall, options);
    assert.doesNotMatch(printed, /error|not found/i);
    assert.deepEqual(await clusterObjects(), [CRD]);
    assert.match(await read('jwts', '-n', 'science', '-o', 'name'), /my-jwt/);
  });

  it('webhook and controller are separated and joined again, and the documented command deletes the leftovers', async () => {
    const { commands, files } = readInstructions(PAGE, '## With kustomize');
    const [install, uninstall] = [commands.slice(0, 2), commands.slice(2)];
    const ofController = async (): Promise<readonly string[]> =>
      (await read('deployment,poddisruptionbudget,serviceaccount', ...PLACE, '-o', 'name'))
        .split('\n')
        .filter((name) => name.endsWith('-controller'));
    await runShell(cluster, install, { files: readInstructions(PAGE, '## What can be chosen').files });
    assert.equal((await ofController()).length, 3);
    await runShell(cluster, install, { files });
    assert.equal((await ofController()).length, 3);
    await follow('### Webhook and controller apart');
    assert.deepEqual(await ofController(), []);
    const args = 'jsonpath={.spec.template.spec.containers[0].args}';
    assert.doesNotMatch(await read('deployment', 'jwt-injector', ...PLACE, '-o', args), /--no-controller/);
    await runShell(cluster, uninstall, { files });
  });

  it('some namespaces get their Roles instead of the earlier rights, and the only ClusterRole is that for users', async () => {
    const { commands, files } = readInstructions(PAGE, '## With kustomize');
    await runShell(cluster, commands.slice(0, 2), { files });
    await follow('### Some namespaces, with Roles');
    const objects = await clusterObjects();
    assert.deepEqual(
      objects.filter((name) => /role/.test(name)),
      ['clusterrole.rbac.authorization.k8s.io/jwt-injector-edit'],
    );
    assert.equal(
      await read('role,rolebinding', ...PLACE, '-o', 'jsonpath={.items[*].metadata.name}'),
      'jwt-injector jwt-injector',
      'for the Lease',
    );
    assert.match(await read('rolebinding', 'jwt-injector', '-n', 'physics', '-o', 'name'), /jwt-injector/);
  });

  it('if installed in another namespace, each webhook leaves that one alone', async () => {
    await follow('### Another namespace');
    assert.equal(await read('deployment', '-n', 'tokens', '-o', 'name'), 'deployment.apps/jwt-injector');
    const configurations = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';
    const path = '{.items[*].webhooks[*].namespaceSelector.matchExpressions[0].values}';
    const own = await read(configurations, '-o', `jsonpath=${path}`);
    assert.deepEqual(own.split(' '), Array(5).fill('["kube-system","tokens"]'));
  });

  it('prompt delivery is installed with its policy', async () => {
    await follow('### Pods that see a new token at once');
    const binding = ['validatingadmissionpolicybinding', 'jwt-injector-delivery'];
    assert.equal(await read(...binding, '-o', 'jsonpath={.spec.validationActions}'), '["Deny"]');
    const pods = ['clusterrole', 'jwt-injector', '-o', 'jsonpath={.rules[?(@.resources[0]=="pods")].verbs}'];
    assert.equal(await read(...pods), '["list","watch","patch"]');
    assert.match(await read('deployment', 'jwt-injector', ...PLACE, '-o', 'yaml'), /- --prompt-delivery/);
  });

  it('every container has the policy for JWTs', async () => {
    await follow('### What JWTs may ask for');
    const args = await read('deployment', 'jwt-injector', ...PLACE, '-o', 'jsonpath={..args}');
    assert.equal(args.match(/"--max-lifetime=24h"/g)?.length, 2);
  });

  describe('over token-manager', { concurrency: false }, () => {
    const AT_HOME = ['--namespace', 'operators', '--create-namespace'];
    const scope = (): Promise<string> => read(CRD, '-o', 'jsonpath={.spec.scope}');

    before(async () => {
      const gone = ['mutatingwebhookconfiguration,validatingwebhookconfiguration', 'jwt-injector'];
      await cluster.kubectl(['delete', ...gone]);
      await cluster.kubectl([
        'delete',
        'clusterrole,clusterrolebinding',
        '-l',
        'app.kubernetes.io/name=jwt-injector',
      ]);
      await cluster.kubectl(['delete', 'namespace', 'jwt-injector', 'tokens']);
      await cluster.kubectl(['delete', CRD]);
    });

    it('with chart 1.0.0, the documented command takes the CRD over, and JWTs and Secrets stay', async () => {
      const chart = await writeTokenManagerChart(cluster.folder, '1.0.0', 'Namespaced');
      await helm.run('install', 'token-manager', chart, ...AT_HOME, UNCHECKED);
      await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', CRD]);
      const { apiVersion, kind, spec } = wireJwt();
      await cluster.apply(
        JSON.stringify({ apiVersion, kind, metadata: { name: 'old-jwt', namespace: 'science' }, spec }),
      );
      const without = await helm.try('install', 'jwt-injector', CHART, ...PLACE, '--create-namespace');
      assert.match(without.stderr, /cannot be imported into the current release: invalid ownership metadata/);
      const { uid } = JSON.parse(await read('jwt', 'old-jwt', '-n', 'science', '-o', 'json')).metadata;
      await follow('### Over token-manager');
      assert.equal(await read(CRD, '-o', 'jsonpath={.spec.versions[0].subresources}'), '{"status":{}}');
      const kept = JSON.parse(await read('jwt', 'old-jwt', '-n', 'science', '-o', 'json'));
      assert.deepEqual([kept.metadata.uid, kept.spec.data], [uid, spec.data]);
      await helm.run('uninstall', 'token-manager', '--namespace', 'operators');
      await helm.run('uninstall', 'jwt-injector', ...PLACE);
      assert.match(
        await read('jwts', '-n', 'science', '-o', 'name'),
        /old-jwt/,
        'neither of them takes the CRD along',
      );
    });

    it('with chart 1.0.4 Helm refuses, as the scope of a CRD cannot be changed; after that CRD is deleted it succeeds', async () => {
      await cluster.kubectl(['delete', CRD]);
      const chart = await writeTokenManagerChart(cluster.folder, '1.0.4', 'Cluster');
      await helm.run('install', 'token-manager', chart, ...AT_HOME, UNCHECKED);
      await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', CRD]);
      await assert.rejects(follow('### Over token-manager'), /spec\.scope.*field is immutable/s);
      assert.equal(await scope(), 'Cluster');
      // The failed release blocks the next try; migrate check names the commands for the CRD.
      await helm.run('uninstall', 'jwt-injector', ...PLACE);
      await cluster.kubectl(['delete', CRD]);
      await follow('### Over token-manager');
      assert.equal(await scope(), 'Namespaced');
    });
  });
});
