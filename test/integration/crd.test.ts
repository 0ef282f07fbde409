import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { installCrd } from '../controlplane/install.ts';
import { wireJwt } from '../fixtures/jwts.ts';

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples');

describe('the CRD on a real API server', () => {
  let cluster: ControlPlane;
  before(async () => {
    cluster = await startControlPlane();
    await installCrd(cluster);
  });
  after(() => cluster.stop());

  async function tryCreate(spec: Record<string, unknown>, name = 'trial') {
    const { spec: full } = wireJwt(spec);
    const object = {
      apiVersion: 'tokens.osg-htc.org/v1',
      kind: 'JWT',
      metadata: { name, namespace: 'default' },
      spec: full,
    };
    const args = ['create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return cluster.kubectl(args, { input: JSON.stringify(object), allowFailure: true });
  }

  it('takes the JWT of the NRP page as it stands, without a warning', async () => {
    const page = await readFile(join(EXAMPLES, 'my-jwt.yaml'), 'utf8');
    const { stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: page });
    assert.equal(stderr, '');
    const { stdout } = await cluster.kubectl(['get', 'jwt', 'my-jwt']);
    assert.match(stdout, /^NAME\s+READY\s+EXPIRES\s+RENEWS\s+ISSUER\s+AGE/);
    const wide = await cluster.kubectl(['get', 'jwt', 'my-jwt', '-o', 'wide']);
    assert.match(wide.stdout, /REASON\s+KEYID\s+SECRET\s+ALGORITHM[\s\S]*my-jwt-key\s+ES256/);
  });

  const accepted: Readonly<Record<string, Record<string, unknown>>> = {
    'several units, summed': { expiryTime: { days: 1, hours: 2, minutes: 3 } },
    'a minute without resignBefore': { expiryTime: { minutes: 1 }, resignBefore: undefined },
    'resignBefore of zero, which means half': { resignBefore: { minutes: 0 } },
    'a key Secret': { key: { secret: { name: 'my-key', key: 'key.pem' } } },
    'a key Secret of another namespace': {
      key: { secret: { name: 'my-key', key: 'key.pem', namespace: 'keys' } },
    },
    'a key in a ConfigMap, which token-manager knew': { key: { configMap: { name: 'a', key: 'b' } } },
    'a Secret template and Retain': {
      secretTemplate: { labels: { a: 'b' }, annotations: { c: 'd' } },
      deletionPolicy: 'Retain',
    },
    'every algorithm': { algorithm: 'PS512' },
  };
  for (const [name, spec] of Object.entries(accepted)) {
    it(`accepts ${name}`, async () => {
      const { code, stderr } = await tryCreate(spec);
      assert.equal(stderr, '');
      assert.equal(code, 0);
    });
  }

  it('keeps nested claims, numbers and nulls as they were sent', async () => {
    const data = { cnf: { jwk: { kty: 'EC', x: 'y' } }, list: [1, 1.5, null, { deep: true }], none: null };
    const { stdout } = await tryCreate({ data });
    assert.deepEqual(JSON.parse(stdout).spec.data, data);
  });

  const refused: Readonly<Record<string, readonly [Record<string, unknown>, RegExp]>> = {
    'a lifetime of zero': [
      { expiryTime: { days: 0 } },
      /spec\.expiryTime.*set at least one of days, hours and minutes/,
    ],
    'a lifetime without units': [{ expiryTime: {} }, /spec\.expiryTime.*set at least one of/],
    'a negative unit': [{ expiryTime: { hours: -1 } }, /spec\.expiryTime\.hours.*greater than or equal to 0/],
    'a fraction of a unit': [{ expiryTime: { hours: 1.5 } }, /spec\.expiryTime\.hours.*integer/],
    'resignBefore as long as the lifetime': [
      { expiryTime: { hours: 5 } },
      /spec\.resignBefore.*must be shorter than expiryTime/,
    ],
    'two key sources': [
      { key: { value: 'x', secret: { name: 'a', key: 'b' } } },
      /spec\.key.*exactly one key source/,
    ],
    'no key source': [{ key: {} }, /spec\.key.*exactly one key source/],
    'a key Secret without its data key': [
      { key: { secret: { name: 'a' } } },
      /spec\.key\.secret\.key.*Required/,
    ],
    'an algorithm without a private key': [
      { algorithm: 'HS256' },
      /spec\.algorithm.*supported values.*ES256/,
    ],
    'a missing issuer': [{ issuer: undefined }, /spec\.issuer.*Required/],
    'missing claims': [{ data: undefined }, /spec\.data.*Required/],
    'a template label of ours': [
      { secretTemplate: { labels: { 'tokens.osg-htc.org/managed': 'x' } } },
      /secretTemplate\.labels.*are set by jwt-injector/,
    ],
    'another deletion policy': [{ deletionPolicy: 'Orphan' }, /deletionPolicy.*supported values/],
  };
  for (const [name, [spec, says]] of Object.entries(refused)) {
    it(`refuses ${name} and says what to do`, async () => {
      const { code, stderr } = await tryCreate(spec);
      assert.notEqual(code, 0);
      assert.match(stderr, says);
    });
  }

  it('warns of a field that it does not know', async () => {
    const { stderr } = await cluster.kubectl(['create', '--dry-run=server', '--validate=warn', '-f', '-'], {
      input: JSON.stringify({
        ...wireJwt({ secretRef: { name: 'a' } }),
        metadata: { name: 'other', namespace: 'default' },
      }),
      allowFailure: true,
    });
    assert.match(stderr, /unknown field "spec\.secretRef"/);
  });

  it('lets a stored object with a clamped resignBefore be edited elsewhere', async () => {
    // As token-manager's schema let it in: the rule is looked at again only when either duration changes.
    await cluster.kubectl(['apply', '-f', '-'], {
      input: JSON.stringify({ ...wireJwt(), metadata: { name: 'stored', namespace: 'default' } }),
    });
    const crd = ['crd', 'jwts.tokens.osg-htc.org', '--type=json', '-p'];
    const rules = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations';
    const { stdout } = await cluster.kubectl(['get', 'crd', 'jwts.tokens.osg-htc.org', '-o', 'json']);
    const kept =
      JSON.parse(stdout).spec.versions[0].schema.openAPIV3Schema.properties.spec['x-kubernetes-validations'];
    await cluster.kubectl(['patch', ...crd, JSON.stringify([{ op: 'remove', path: rules }])]);
    const long = ['patch', 'jwt', 'stored', '--type=merge', '-p', '{"spec":{"resignBefore":{"days":9}}}'];
    await retry(
      () => cluster.kubectl(long, { allowFailure: true }),
      ({ code }) => code === 0,
    );
    await cluster.kubectl(['patch', ...crd, JSON.stringify([{ op: 'add', path: rules, value: kept }])]);
    const refuses = [
      'patch',
      'jwt',
      'stored',
      '--type=merge',
      '--dry-run=server',
      '-p',
      '{"spec":{"resignBefore":{"days":8}}}',
    ];
    await retry(
      () => cluster.kubectl(refuses, { allowFailure: true }),
      ({ code }) => code !== 0,
    );
    await cluster.kubectl(['patch', 'jwt', 'stored', '--type=merge', '-p', '{"spec":{"keyId":"another"}}']);
  });
});

/** Asks again until the answer fits: a changed CRD takes effect a moment after it was written. */
async function retry<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return;
    if (Date.now() > deadline) assert.fail(`still ${JSON.stringify(answer)} after 15 s`);
  }
}
