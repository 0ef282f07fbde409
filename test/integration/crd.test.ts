import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { parseJwtSpec } from '../../src/resources/jwt.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import type { Loose } from './objects.ts';
import { openUserApi, type UserApi } from './user-api.ts';

const COLLECTION = '/apis/tokens.osg-htc.org/v1/namespaces/default/jwts';
const EXAMPLES = join(import.meta.dirname, '../../deploy/examples');

describe('the CRD on a real API server', () => {
  let stage: Stage<Cluster>;
  let cluster: Cluster;
  let api: UserApi;
  before(async () => {
    stage = await borrowStage({ withoutService: true });
    cluster = stage.cluster;
    api = await openUserApi(cluster);
  });
  after(async () => {
    api.close();
    await stage.stop();
  });

  async function tryCreate(spec: Record<string, unknown>, name = 'trial') {
    const { spec: full } = wireJwt(spec);
    const object = {
      apiVersion: 'tokens.osg-htc.org/v1',
      kind: 'JWT',
      metadata: { name, namespace: 'default' },
      spec: full,
    };
    return api.ask('POST', `${COLLECTION}?dryRun=All&fieldValidation=Strict`, object);
  }

  it('accepts the unchanged JWT of the NRP page without a warning', async () => {
    const page = await readFile(join(EXAMPLES, 'my-jwt.yaml'), 'utf8');
    const { stderr } = await cluster.kubectl(['apply', '-f', '-'], { input: page });
    assert.equal(stderr, '');
    const { stdout } = await cluster.kubectl(['get', 'jwt', 'my-jwt']);
    assert.match(stdout, /^NAME\s+READY\s+EXPIRES\s+RENEWS\s+ISSUER\s+AGE/);
    const wide = await cluster.kubectl(['get', 'jwt', 'my-jwt', '-o', 'wide']);
    assert.match(wide.stdout, /REASON\s+KEYID\s+SECRET\s+ALGORITHM[\s\S]*my-jwt-key\s+ES256/);
  });

  it('is described by kubectl explain, with each field of its spec', async () => {
    const { stdout } = await cluster.kubectl(['explain', 'jwt.spec']);
    const { items }: Loose = (await api.ask('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'))
      .body;
    const crd = items.find(({ spec }: Loose) => spec.names.kind === 'JWT');
    const fields = Object.keys(crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties);
    assert.ok(fields.length > 8);
    // The name and the type of a field, its values if there are few, then its description.
    for (const field of fields)
      assert.match(stdout, new RegExp(`^  ${field}\\t<.*\n(?:  enum: .*\n)?    \\w`, 'm'));
  });

  const accepted: Readonly<Record<string, Record<string, unknown>>> = {
    'several units, summed': { expiryTime: { days: 1, hours: 2, minutes: 3 } },
    'a minute without resignBefore': { expiryTime: { minutes: 1 }, resignBefore: undefined },
    'resignBefore of zero, which means half': { resignBefore: { minutes: 0 } },
    'resignBefore without units, which means half, too': { resignBefore: {} },
    'a key Secret': { key: { secret: { name: 'my-key', key: 'key.pem' } } },
    'a key Secret of another namespace': {
      key: { secret: { name: 'my-key', key: 'key.pem', namespace: 'keys' } },
    },
    'a key Secret of the JWT’s name in another namespace': {
      key: { secret: { name: 'trial', key: 'key.pem', namespace: 'keys' } },
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
      const { status, body, warnings } = await tryCreate(spec);
      assert.equal(status, 201, body.message);
      assert.deepEqual(warnings, []);
    });
  }

  it('counts characters as the service does, including those with two units of UTF-16', async () => {
    const limits: readonly (readonly [most: number, specOf: (text: string) => Record<string, unknown>])[] = [
      [2_048, (text) => ({ issuer: text })],
      [1_024, (text) => ({ keyId: text })],
      [16_384, (text) => ({ key: { value: text } })],
      [253, (text) => ({ key: { secret: { name: text, key: 'key.pem' } } })],
      [253, (text) => ({ key: { secret: { name: 'my-key', key: text } } })],
      [63, (text) => ({ key: { secret: { name: 'my-key', key: 'key.pem', namespace: text } } })],
    ];
    for (const [most, specOf] of limits) {
      for (const [count, isAccepted] of [
        [most, true],
        [most + 1, false],
      ] as const) {
        const spec = specOf('🐘'.repeat(count));
        const { status, body } = await tryCreate(spec);
        assert.equal(status, isAccepted ? 201 : 422, body.message);
        assert.equal(parseJwtSpec(wireJwt(spec).spec).ok, isAccepted, Object.keys(spec).join());
      }
    }
  });

  it('keeps nested claims, numbers and nulls unchanged', async () => {
    const data = { cnf: { jwk: { kty: 'EC', x: 'y' } }, list: [1, 1.5, null, { deep: true }], none: null };
    const { body } = await tryCreate({ data });
    assert.deepEqual(body.spec.data, data);
  });

  it('treats a template label of null as absent', async () => {
    const { body } = await tryCreate({ secretTemplate: { labels: { a: 'b', c: null } } });
    assert.deepEqual(body.spec.secretTemplate, { labels: { a: 'b' } });
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
    'a key in the Secret of the token': [
      { key: { secret: { name: 'trial', key: 'key.pem' } } },
      /spec\.key\.secret\.name.*names the Secret of the JWT's own name.*Secret of another name.*or name the namespace of the key/s,
    ],
    'the same with an empty namespace': [
      { key: { secret: { name: 'trial', key: 'key.pem', namespace: '' } } },
      /spec\.key\.secret\.name.*names the Secret of the JWT's own name/,
    ],
    'an algorithm without a private key': [
      { algorithm: 'HS256' },
      /spec\.algorithm.*supported values.*ES256/,
    ],
    'a missing issuer': [{ issuer: undefined }, /spec\.issuer.*Required/],
    'missing claims': [{ data: undefined }, /spec\.data.*Required/],
    'more claims than anyone needs': [
      { data: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`claim${index}`, index])) },
      /spec\.data.*must have at most 64 (?:items|properties)/,
    ],
    'a key text that no key has': [{ key: { value: 'x'.repeat(16_385) } }, /spec\.key\.value.*16384/],
    'a template label of ours': [
      { secretTemplate: { labels: { 'tokens.osg-htc.org/managed': 'x' } } },
      /secretTemplate\.labels.*are set by jwt-injector/,
    ],
    'a template label without quotes': [
      { secretTemplate: { labels: { team: true } } },
      /spec\.secretTemplate\.labels\.team.*must be of type string: "boolean"/,
    ],
    'another deletion policy': [{ deletionPolicy: 'Orphan' }, /deletionPolicy.*supported values/],
  };
  for (const [name, [spec, says]] of Object.entries(refused)) {
    it(`refuses ${name} and says what to do`, async () => {
      const { status, body } = await tryCreate(spec);
      assert.equal(status, 422);
      assert.match(body.message, says);
    });
  }

  it('warns of an unknown field', async () => {
    const { stderr } = await cluster.kubectl(['create', '--dry-run=server', '--validate=warn', '-f', '-'], {
      input: JSON.stringify({
        ...wireJwt({ secretRef: { name: 'a' } }),
        metadata: { name: 'other', namespace: 'default' },
      }),
      allowFailure: true,
    });
    assert.match(stderr, /unknown field "spec\.secretRef"/);
  });

  const STORED: readonly (readonly [string, string, object, object])[] = [
    [
      'a clamped resignBefore',
      '/properties/spec/x-kubernetes-validations',
      { resignBefore: { days: 9 } },
      { resignBefore: { days: 8 } },
    ],
    [
      'a key in the Secret of its token',
      '/x-kubernetes-validations',
      { key: { value: null, secret: { name: 'stored', key: 'key.pem' } } },
      { key: { value: null, secret: { name: 'stored', key: 'other.pem' } } },
    ],
  ];
  for (const [name, rules, stale, other] of STORED) {
    it(`lets a stored object with ${name} be edited elsewhere`, async () => {
      // As token-manager's schema accepted it: the rule is evaluated again only when its fields change.
      const stored = { ...wireJwt(), metadata: { name: 'stored', namespace: 'default' } };
      await cluster.kubectl(['delete', 'jwt', 'stored', '--ignore-not-found']);
      await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(stored) });
      const put = await dropRules(rules);
      const patch = (spec: object, ...flags: readonly string[]) =>
        cluster.kubectl(
          ['patch', 'jwt', 'stored', '--type=merge', ...flags, '-p', JSON.stringify({ spec })],
          { allowFailure: true },
        );
      await retry(
        () => patch(stale),
        ({ code }) => code === 0,
      );
      await put();
      await retry(
        () => patch(other, '--dry-run=server'),
        ({ code }) => code !== 0,
      );
      assert.equal((await patch({ keyId: 'another' })).stderr, '');
      const status = { status: { renewals: 1 } };
      const args = [
        'patch',
        'jwt',
        'stored',
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify(status),
      ];
      await cluster.kubectl(args);
      await cluster.kubectl(['label', 'jwt', 'stored', 'a=b']);
    });
  }

  /** Removes the rules at this path from the CRD; gives a function that restores them. */
  async function dropRules(path: string): Promise<() => Promise<unknown>> {
    const crd = ['crd', 'jwts.tokens.osg-htc.org'];
    const { stdout } = await cluster.kubectl(['get', ...crd, '-o', 'json']);
    const full = `/spec/versions/0/schema/openAPIV3Schema${path}`;
    const value: unknown = full
      .split('/')
      .slice(1)
      .reduce((object, part) => object[part], JSON.parse(stdout));
    const patch = (operation: object) =>
      cluster.kubectl(['patch', ...crd, '--type=json', '-p', JSON.stringify([{ path: full, ...operation }])]);
    await patch({ op: 'remove' });
    return () => patch({ op: 'add', value });
  }
});

const WITHIN_MS = 60_000;

/** Asks again until the answer matches: a changed CRD is in effect a moment after it was written. */
async function retry<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return;
    if (Date.now() > deadline) assert.fail(`still ${JSON.stringify(answer)} after ${WITHIN_MS} ms`);
  }
}
