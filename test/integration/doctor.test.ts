import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { certsCommand } from '../../src/commands/certs.ts';
import { doctorCommand } from '../../src/commands/doctor.ts';
import type { Finding } from '../../src/commands/installation/finding.ts';
import { askApi, type AskOptions } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import { waitForWebhook, type Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { callAs, type Caller } from './cli-run.ts';
import { MUTATING, PLANTED } from './planted-faults.ts';
import { openObjects, type Loose, type Objects } from './objects.ts';
import { runReplicas } from './replicas.ts';
import { openTenant } from './tenant.ts';

const NAMESPACE = 'doctor';

/** Other users of the cluster can have left JWTs that are not Ready, or a token-manager. */
const OF_OTHERS: ReadonlySet<string> = new Set(['jwts', 'token-manager']);

const OWN = ['-n', 'jwt-injector'];

describe('doctor on a real control plane', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let admin: Caller;
  const printed: string[] = [];
  const kubectl = async (...args: readonly string[]): Promise<string> =>
    (await stage.cluster.kubectl([...args])).stdout;
  const ask = async (method: string, path: string, body?: object, options?: AskOptions): Promise<Loose> => {
    const answer = await askApi(stage.cluster.access, method, path, body, options);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  };
  const problems = async (): Promise<readonly Finding[]> => {
    const { code, out, err } = await admin.run(doctorCommand, '-o', 'json');
    assert.equal(err, '');
    const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
    const found = findings.filter(({ result }) => result === 'problem');
    assert.equal(code, found.length === 0 ? 0 : 1);
    for (const { remedy } of found) assert.ok(remedy);
    return found;
  };
  const assertNamed = async (check: string, says: RegExp): Promise<void> => {
    const found = await problems();
    assert.ok(
      found.some((finding) => finding.check === check && says.test(finding.message)),
      JSON.stringify(found),
    );
  };

  before(async () => {
    stage = await borrowStage();
    objects = openObjects(stage.cluster);
    admin = callAs(stage.cluster.adminKubeconfig, printed);
    await stage.cluster.createNamespace(NAMESPACE);
  });
  after(() => stage.stop());

  it('finds only one problem in the shipped installation: this cluster has no nodes', async () => {
    const found = await problems();
    assert.deepEqual(
      found.filter(({ check }) => !OF_OTHERS.has(check)).map(({ check }) => check),
      ['deployment', 'endpoints'],
    );
    const { out } = await admin.run(doctorCommand);
    assert.match(out, /^PROBLEM +deployment +there is no Deployment jwt-injector\/jwt-injector — /m);
    assert.match(out, /^OK +tried-pod +a pod with an annotation gets its token/m);
    assert.match(out, /^OK +rights +jwt-injector has all the rights that it needs$/m);
    assert.match(out, /^jwt-injector in namespace jwt-injector: \d+ problems/m);
  });

  for (const { fault, object, patch, check, says } of PLANTED) {
    it(`names ${fault}`, async () => {
      const shipped = await ask('GET', object);
      try {
        if (patch === undefined) await ask('DELETE', object);
        else await ask('PATCH', object, patch, { type: 'application/json-patch+json' });
        await assertNamed(check, says);
      } finally {
        await restore(object, shipped, patch === undefined);
      }
    });
  }

  it('finds no fault in namespaces that are not to be served', async () => {
    const shipped = await ask('GET', MUTATING);
    const metadata = { name: 'jwt-injector', namespace: 'jwt-injector' };
    const labels = { app: 'limited' };
    const args = ['run', `--namespaces=${NAMESPACE}`];
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'jwt-injector', image: 'x', args }] },
    };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    const limit = { key: 'kubernetes.io/metadata.name', operator: 'In', values: [NAMESPACE] };
    const path = '/webhooks/0/namespaceSelector/matchExpressions/-';
    try {
      await ask('PATCH', MUTATING, [{ op: 'add', path, value: limit }], {
        type: 'application/json-patch+json',
      });
      await stage.cluster.apply(
        JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }),
      );
      const { out } = await admin.run(doctorCommand);
      assert.match(out, new RegExp(`^OK +tried-pod +a pod .* in namespace ${NAMESPACE}\\)$`, 'm'));
    } finally {
      await kubectl('delete', 'deployment', 'jwt-injector', ...OWN, '--ignore-not-found');
      await restore(MUTATING, shipped, false);
    }
  });

  it('names JWTs that are not Ready, by their reason', async () => {
    const tenant = await openTenant(stage.cluster, objects, `${NAMESPACE}-tenant`);
    await tenant.apply('keyless', { key: { secret: { name: 'no-key', key: 'key.pem' } } });
    await objects.waitForCondition(`${NAMESPACE}-tenant`, 'keyless', 'Ready', 'False', 'KeyNotFound');
    await assertNamed('jwts', /not Ready, KeyNotFound; the first is/);
    await kubectl('delete', 'namespace', `${NAMESPACE}-tenant`, '--wait=false');
  });

  it('names a token-manager', async () => {
    const name = ['token-manager', '-n', NAMESPACE];
    await kubectl('create', 'deployment', ...name, '--image=none', '--replicas=0');
    await assertNamed('token-manager', /stopped, but still installed/);
    await kubectl('delete', 'deployment', ...name);
  });

  it('names a certificate that is not trusted', async () => {
    const place = ['jwt-injector-tls', ...OWN];
    const stringData = { 'tls.crt': 'not a certificate', 'tls.key': 'none' };
    await kubectl('patch', 'secret', ...place, '--type=merge', '-p', JSON.stringify({ stringData }));
    await assertNamed('certificate', /is not a certificate/);
    await kubectl('patch', 'secret', ...place, '--type=merge', '-p', '{"data":null}');
  });

  it('finds no problem if replicas run as well, and names them if they do not', async () => {
    const place = ['jwt-injector', ...OWN];
    try {
      await runReplicas(stage);
      const { out } = await waitUntil('two replicas are ready', 60_000, async () => {
        const outcome = await admin.run(doctorCommand);
        return /^OK +deployment /m.test(outcome.out) && outcome;
      });
      assert.match(out, /^OK +deployment +2 of 2 replicas/m);
      assert.match(out, /^OK +endpoints +1 replica answers/m);
      assert.match(out, /^OK +version /m);
      assert.match(out, /^OK +certificate +the certificate in Secret jwt-injector\/jwt-injector-tls/m);
      assert.match(out, /^OK +ca-bundle +every caBundle trusts the certificate/m);
      assert.doesNotMatch(out, /^PROBLEM +(?!jwts|token-manager)\S/m);

      await kubectl('patch', 'service', ...place, '--type=merge', '-p', '{"spec":{"selector":{"a":"b"}}}');
      await assertNamed('service', /the selector/);
      await kubectl('patch', 'service', ...place, '--type=merge', '-p', '{"spec":{"selector":{"a":null}}}');
      await kubectl('set', 'image', 'deployment', ...place, 'jwt-injector=jwt-injector:0.0.1');
      await assertNamed('version', /images of several versions: 0\.0\.1, /);
      await kubectl('set', 'image', 'deployment', ...place, '*=jwt-injector:0.0.1');
      await assertNamed('version', /has the version 0\.0\.1/);
      await kubectl('scale', 'deployment', ...place, '--replicas=0');
      await assertNamed('deployment', /scaled to 0/);
    } finally {
      await kubectl('delete', 'deployment', ...place);
      await kubectl('delete', 'secret', 'jwt-injector-tls', ...OWN);
      await kubectl('create', 'secret', 'generic', 'jwt-injector-tls', ...OWN);
      await kubectl('delete', 'endpointslice', 'jwt-injector-by-hand', ...OWN);
    }
  });

  it('certs shows the trusted CAs of each entry', async () => {
    const { code, out, err } = await admin.run(certsCommand);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^Certificate of jwt-injector in namespace jwt-injector/);
    assert.match(out, /^ {2}valid until +\d{4}-\S+ \S+ UTC, in /m);
    assert.equal(out.match(/^trusts +\S+\.tokens\.osg-htc\.org$/gm)?.length, 5);
  });

  it('says what a user without rights is not allowed to read, and does not report it as a failure', async () => {
    await kubectl('create', 'serviceaccount', 'nobody', '-n', NAMESPACE);
    const kubeconfig = await stage.cluster.serviceAccountKubeconfig(NAMESPACE, 'nobody');
    const { code, out, err } = await callAs(kubeconfig, printed).run(doctorCommand);
    assert.deepEqual([code, err], [0, '']);
    assert.match(
      out,
      /^not known +rights +you are not allowed to read deployments in namespace jwt-injector/m,
    );
    assert.match(out, /^not known +tried-pod +you are not allowed to create pods/m);
    assert.match(out, /^OK +crd +JWTs have a namespace and a status/m);
    assert.match(out, /no problem was found, \d+ not known$/m);
  });

  it('names a service that was stopped', async () => {
    await stage.service().stop();
    const found = await problems();
    const checks = new Set(found.map(({ check }) => check));
    assert.ok(checks.has('lease') && checks.has('tried-pod'), JSON.stringify(found));
  });

  it('never printed a key', () => assert.doesNotMatch(printed.join(''), /PRIVATE KEY|eyJ/));

  async function restore(path: string, object: Loose, isGone: boolean): Promise<void> {
    for (const field of ['resourceVersion', 'uid', 'creationTimestamp', 'generation', 'managedFields'])
      delete object.metadata[field];
    if (isGone) await ask('POST', path.slice(0, path.lastIndexOf('/')), object);
    else {
      const { resourceVersion } = (await ask('GET', path)).metadata;
      await ask('PUT', path, { ...object, metadata: { ...object.metadata, resourceVersion } });
    }
    await waitForWebhook(stage.cluster);
  }
});
