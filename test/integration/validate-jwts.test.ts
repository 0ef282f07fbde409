import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KubectlResult } from '../controlplane/kubectl.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { openObjects, type Objects } from './objects.ts';

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples');
const KEY_WARNING =
  'Warning: spec.key.value shows the private key to all who may read JWTs: move it into a Secret, see spec.key.secret';

describe('JWTs are validated by the webhook:', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  before(async () => {
    stage = await borrowStage();
    objects = openObjects(stage.cluster);
    await stage.cluster.createNamespace('validate-jwts');
    await waitUntil('a bad JWT is refused', 60_000, async () => {
      const { code } = await tryApply('probe', { key: { value: 'hello' } }, ['--dry-run=server']);
      return code !== 0;
    });
  });
  after(() => stage.stop());

  function tryApply(
    name: string,
    changes: Record<string, unknown>,
    args: readonly string[] = [],
  ): Promise<KubectlResult> {
    const { apiVersion, kind, spec } = wireJwt(changes);
    const input = JSON.stringify({ apiVersion, kind, metadata: { name }, spec });
    const where = args.some((arg) => arg.startsWith('--namespace=')) ? [] : ['--namespace=validate-jwts'];
    return stage.cluster.kubectl(['apply', '-f', '-', ...where, ...args], { input, allowFailure: true });
  }

  it('the NRP page’s JWT is accepted with exactly its warning', async () => {
    const page = await readFile(join(EXAMPLES, 'my-jwt.yaml'), 'utf8');
    const { stderr, stdout } = await stage.cluster.kubectl(['apply', '-n', 'validate-jwts', '-f', '-'], {
      input: page,
    });
    assert.equal(stderr.trim(), KEY_WARNING);
    assert.match(stdout, /my-jwt created/);
    await objects.waitForCondition('validate-jwts', 'my-jwt', 'Ready', 'True', 'Signed');
  });

  it('the service’s own writes and a new label get no warning', async () => {
    const label = ['label', 'jwt', '-n', 'validate-jwts', 'my-jwt', 'colour=blue'];
    assert.equal((await stage.cluster.kubectl(label)).stderr, '');
  });

  it('mistakes that verifiers refuse lead to warnings, the three most useful', async () => {
    const { code, stderr } = await tryApply('careless', {
      key: { secret: { name: 'my-key', key: 'key.pem' } },
      data: { scope: 'storage.write:/', sub: 'john.doe', ver: '1.0', 'wlcg.ver': '1.2', exp: 1 },
      resignBefore: { minutes: 1 },
    });
    assert.equal(code, 0);
    assert.deepEqual(stderr.trim().split('\n'), [
      'Warning: spec.data["wlcg.ver"] must be "1.0", a string in quotes: XRootD knows no other version',
      'Warning: spec.data.ver beside wlcg.ver: XRootD looks only at ver, remove ver',
      'Warning: spec.data.aud is missing, empty or not a string: profile WLCG requires it, set it to https://wlcg.cern.ch/jwt/v1/any',
    ]);
  });

  it('a key in a ConfigMap, as token-manager allowed it, is accepted with a warning', async () => {
    const { code, stderr } = await tryApply('config-map', { key: { configMap: { name: 'a', key: 'b' } } });
    assert.equal(code, 0);
    assert.match(stderr, /Warning: spec\.key\.configMap is never read.*move the key into a Secret/);
  });

  it('a key that cannot sign is refused, with the reason and never with the key', async () => {
    const broken = NRP_KEY.replace('MHcC', 'AAAA');
    const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ key: { value: broken } }, /spec\.key\.value: the EC PRIVATE KEY block does not parse/],
      [{ algorithm: 'RS256' }, /spec\.key\.value: RS256 needs an RSA key.*this is an EC key/],
    ];
    for (const [spec, says] of cases) {
      const { code, stderr } = await tryApply('refused', spec);
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /admission webhook "jwts\.tokens\.osg-htc\.org" denied the request: (?:spec\.key|a private key)/,
      );
      assert.match(stderr, says);
      for (const line of broken.split('\n').slice(1, 4)) assert.ok(!stderr.includes(line));
    }
    assert.equal(await objects.get('jwts', 'validate-jwts', 'refused'), undefined);
    assert.ok(!stage.service().output().includes(broken.slice(40, 80)));
  });

  it('an integer that JSON would change is refused, in any form', async () => {
    const { stderr } = await tryApply('inexact', { data: { uid: 2 ** 60 } });
    assert.match(stderr, /spec\.data\.uid is an integer beyond 2\^53.*write it as a string/);
    const text = JSON.stringify({
      ...wireJwt({ data: { uid: 'HERE' } }),
      metadata: { name: 'x', namespace: 'validate-jwts' },
    });
    for (const number of ['9007199254740993', '18446744073709551617', '1e30']) {
      const create = { input: text.replace('"HERE"', number), allowFailure: true };
      const { code, stderr: says } = await stage.cluster.kubectl(['create', '-f', '-'], create);
      assert.notEqual(code, 0, number);
      assert.match(says, /spec\.data\.uid is an integer beyond 2\^53/, number);
    }
  });

  it('kube-system and our own namespace are not validated', async () => {
    for (const namespace of ['kube-system', 'jwt-injector']) {
      const args = [`--namespace=${namespace}`, '--dry-run=server'];
      const { code, stderr } = await tryApply('bad', { key: { value: 'hello' } }, args);
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  it('decisions are counted', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${stage.service().httpPort}/metrics`)).text();
    for (const reason of ['KeyUnreadable', 'KeyMismatch', 'ClaimsInvalid']) {
      const line = new RegExp(`admission_decisions_total\\{decision="deny",reason="${reason}"\\} [1-9]`);
      assert.match(metrics, line);
    }
  });

  it('while the webhook is down, JWTs can be written, and afterwards everything in them can be edited except for the mistake', async () => {
    await stage.service().stop();
    const created = await tryApply('bad', { key: { value: 'hello' } });
    assert.equal(created.code, 0, created.stderr);

    await stage.startService();
    await objects.waitForCondition('validate-jwts', 'bad', 'Ready', 'False', 'KeyUnreadable');
    await stage.cluster.kubectl(['label', 'jwt', '-n', 'validate-jwts', 'bad', 'colour=blue']);
    const still = await tryApply('bad', { key: { value: 'hello' }, keyId: 'another' });
    assert.match(still.stderr, /denied the request: spec\.key\.value: no PEM block/);
    const finalizers = ['patch', 'jwt', '-n', 'validate-jwts', 'bad', '--type=merge', '-p'];
    await stage.cluster.kubectl([...finalizers, '{"metadata":{"finalizers":["example.com/wait"]}}']);
    await stage.cluster.kubectl(['delete', 'jwt', '-n', 'validate-jwts', 'bad', '--wait=false']);
    await stage.cluster.kubectl([...finalizers, '{"metadata":{"finalizers":null}}']);
    await objects.waitForGone('jwts', 'validate-jwts', 'bad');
  });
});
