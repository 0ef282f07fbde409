import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { jwtVerify, SignJWT } from 'jose';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, makeRsaKey, NRP_KEY, toPem } from '../fixtures/keys.ts';
import type { Objects } from './objects.ts';
import { describeKeySecrets, describeOwnership } from './ownership-cases.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

describe('keys and Secrets on a real control plane', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage('keys'));
    await stage.cluster.createNamespace('key-store');
  });
  after(() => stage.stop());

  it('a key comes from a Secret of the namespace, and is waited for', async () => {
    await tenant.apply('from-secret', {
      key: { secret: { name: 'my-key', key: 'key.pem' } },
      algorithm: 'RS256',
    });
    const condition = await objects.waitForCondition(
      'keys',
      'from-secret',
      'KeyAvailable',
      'False',
      'KeyNotFound',
    );
    assert.match(
      condition.message,
      /key Secret keys\/my-key does not exist: kubectl create secret generic my-key/,
    );
    await objects.waitForCondition('keys', 'from-secret', 'Ready', 'False', 'KeyNotFound');
    const key = makeRsaKey(2048);
    await tenant.applySecret('my-key', { 'key.pem': toPem(key, 'pkcs1') });
    const token = await tenant.waitForToken('from-secret', (text) => text !== '');
    await jwtVerify(token, createPublicKey(key), { algorithms: ['RS256'] });
    await objects.waitForCondition('keys', 'from-secret', 'KeyAvailable', 'True');

    const next = makeRsaKey(2048);
    await tenant.applySecret('my-key', { 'key.pem': toPem(next) });
    const renewed = await tenant.waitForToken('from-secret', (text) => text !== token);
    await jwtVerify(renewed, createPublicKey(next));
    const reused = await objects.waitForCondition('keys', 'from-secret', 'KeyIdReused', 'True');
    assert.match(reused.message, /give each key and algorithm its own keyId and publish all/);

    await stage.cluster.kubectl(['label', 'secret', '-n', 'keys', 'my-key', 'colour=blue']);
    // Processed after the JWT that the label is for.
    await tenant.apply('after-the-label', {
      key: { secret: { name: 'my-key', key: 'key.pem' } },
      algorithm: 'RS256',
    });
    await tenant.waitForToken('after-the-label', (text) => text !== '');
    assert.equal(
      await tenant.tokenOf('from-secret'),
      renewed,
      'a label of the key Secret is not another key',
    );
  });

  it('another entry of the same key Secret is used at once; if it is missing, that is reported, and the token stays', async () => {
    const next = makeKey('ES256');
    await tenant.applySecret('two-keys', { 'key.pem': NRP_KEY, 'next.pem': toPem(next) });
    const signWith = (key: string) => tenant.apply('of-two', { key: { secret: { name: 'two-keys', key } } });
    await signWith('key.pem');
    const first = await tenant.waitForToken('of-two', (text) => text !== '');
    await signWith('next.pem');
    const second = await tenant.waitForToken('of-two', (text) => text !== first);
    await jwtVerify(second, createPublicKey(next));
    await signWith('typo.pem');
    const { message } = await objects.waitForCondition(
      'keys',
      'of-two',
      'KeyAvailable',
      'False',
      'KeyNotFound',
    );
    assert.match(message, /no data key "typo\.pem"/);
    assert.equal(await tenant.tokenOf('of-two'), second);
  });

  it('a key of another namespace is refused with the same message, whether it exists or not, until it is granted', async () => {
    const key = makeKey('ES256');
    const metadata = { name: 'shared', namespace: 'key-store' };
    await stage.cluster.apply(
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'key.pem': toPem(key) } }),
    );
    const refer = (name: string) => ({ key: { secret: { name, key: 'key.pem', namespace: 'key-store' } } });
    await tenant.apply('not-granted', refer('shared'));
    await tenant.apply('not-there', refer('absent'));
    const text = async (name: string) =>
      (await objects.waitForCondition('keys', name, 'KeyAvailable', 'False', 'KeyNotGranted')).message;
    assert.equal((await text('not-granted')).replace('shared', 'absent'), await text('not-there'));
    const shown = await stage.cluster.kubectl(['describe', 'jwt', 'not-granted', '-n', 'keys']);
    assert.match(shown.stdout, /^ +Reason: +KeyNotGranted$/m);
    assert.ok(shown.stdout.includes(await text('not-granted')), shown.stdout);
    assert.equal(await objects.get('secrets', 'keys', 'not-granted'), undefined);
    const annotate = (annotation: string) =>
      stage.cluster.kubectl(['annotate', '--overwrite', 'secret', '-n', 'key-store', 'shared', annotation]);
    await annotate('tokens.osg-htc.org/allowed-namespaces=other, keys');
    const token = await tenant.waitForToken('not-granted', (found) => found !== '');
    await jwtVerify(token, createPublicKey(key));
    // Longer than the part of a list that the service stores: it is read together with the key.
    const others = Array.from({ length: 100 }, (_, number) => `team-${number}`).join(',');
    await annotate(`tokens.osg-htc.org/allowed-namespaces=${others}`);
    assert.equal((await text('not-granted')).replace('shared', 'absent'), await text('not-there'));
    await annotate(`tokens.osg-htc.org/allowed-namespaces=${others},keys`);
    await objects.waitForCondition('keys', 'not-granted', 'KeyAvailable', 'True', 'Signed');
    await annotate('tokens.osg-htc.org/max-lifetime=1h');
    await objects.waitForCondition('keys', 'not-granted', 'KeyAvailable', 'False', 'PolicyDenied');
    assert.equal(await tenant.tokenOf('not-granted'), token, 'the token that is there stays');
  });

  describeOwnership(() => ({ stage, objects, tenant }));

  it('while the key is missing, a token is not Ready without proof: if it is forged, or its expiry is not a date', async () => {
    const forge = async (name: string, exp: number): Promise<void> => {
      const { iss, aud, ...claims } = { iss: 'https://issuer.example.com/', ...wireJwt().spec.data };
      const token = await new SignJWT({ ...claims, iss, aud, exp })
        .setProtectedHeader({ alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' })
        .sign(makeKey('ES256'));
      const metadata = {
        name,
        namespace: 'keys',
        labels: { 'tokens.osg-htc.org/managed': 'true' },
        annotations: {
          'tokens.osg-htc.org/jwt': `keys/${name}`,
          'tokens.osg-htc.org/last-signing-time': '1',
        },
      };
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token } };
      await stage.cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(secret) });
    };
    await forge('forged', Math.floor(Date.now() / 1000) + 3_600);
    await forge('endless', 1e20);
    for (const name of ['forged', 'endless'])
      await tenant.apply(name, { key: { secret: { name: `key-of-${name}`, key: 'key.pem' } } });
    await objects.waitForCondition('keys', 'endless', 'Ready', 'False', 'KeyNotFound');
    const forged = await objects.waitForCondition('keys', 'forged', 'Ready', 'Unknown', 'KeyNotFound');
    assert.match(
      forged.message,
      /the token in Secret forged cannot be checked: key Secret .* does not exist/,
    );
    const key = makeKey('ES256');
    for (const name of ['forged', 'endless']) {
      await tenant.applySecret(`key-of-${name}`, { 'key.pem': toPem(key) });
      await objects.waitForCondition('keys', name, 'Ready', 'True', 'Signed');
      await jwtVerify(await tenant.tokenOf(name), createPublicKey(key));
    }
  });

  describe('keys that were stored while no webhook could refuse them:', () => {
    before(async () => {
      await stage.cluster.kubectl(['delete', 'validatingwebhookconfiguration', 'jwt-injector']);
      const { apiVersion, kind, spec } = wireJwt({ key: { value: 'hello' } });
      const metadata = { name: 'probe', namespace: 'keys' };
      const input = JSON.stringify({ apiVersion, kind, metadata, spec });
      await waitUntil('a bad JWT is taken', 60_000, async () => {
        const args = ['create', '--dry-run=server', '-f', '-'];
        return (await stage.cluster.kubectl(args, { input, allowFailure: true })).code === 0;
      });
    });

    describeKeySecrets(() => ({ stage, objects, tenant }));

    it('every bad key leads to a condition with cause, place and remedy, and to an Event', async () => {
      const cases: Readonly<Record<string, readonly [Record<string, unknown>, string, RegExp]>> = {
        'no-pem': [{ key: { value: 'hello' } }, 'KeyUnreadable', /spec\.key\.value: no PEM block/],
        misfit: [
          { key: { value: NRP_KEY }, algorithm: 'RS256' },
          'KeyMismatch',
          /RS256 needs an RSA key.*this is an EC key/,
        ],
        short: [
          { key: { value: toPem(makeRsaKey(1024)) }, algorithm: 'RS256' },
          'KeyTooShort',
          /2048 to 8192 bits.*1024 bits/,
        ],
        halves: [
          { key: { value: JSON.stringify(mixJwk()) } },
          'KeyUnreadable',
          /spec\.key\.value: its private and public parts do not belong together/,
        ],
        'no-d': [
          { key: { value: JSON.stringify({ ...mixJwk(), d: '' }) } },
          'KeyUnreadable',
          /spec\.key\.value: the JWK has no private member "d"/,
        ],
        'config-map': [
          { key: { configMap: { name: 'a', key: 'b' } } },
          'KeyUnreadable',
          /move the key into a Secret: kubectl create/,
        ],
        'no-entry': [
          { key: { secret: { name: 'my-key', key: 'other.pem' } } },
          'KeyNotFound',
          /has no data key "other.pem"/,
        ],
      };
      for (const [name, [spec, reason, says]] of Object.entries(cases)) {
        await tenant.apply(name, spec);
        const condition = await objects.waitForCondition('keys', name, 'KeyAvailable', 'False', reason);
        assert.match(condition.message, says);
        await objects.waitForCondition('keys', name, 'Ready', 'False', reason);
        assert.equal(await objects.get('secrets', 'keys', name), undefined);
      }
      await tenant.apply('inexact', { data: { sub: 'x', uid: 2 ** 60 } });
      const inexact = await objects.waitForCondition('keys', 'inexact', 'Ready', 'False', 'ClaimsInvalid');
      assert.match(inexact.message, /spec\.data\.uid.*write it as a string/);
      await waitUntil('its Event', 60_000, async () => {
        const { stdout } = await stage.cluster.kubectl(['events', '-n', 'keys', '--for', 'jwt/misfit']);
        return /Warning\s+KeyMismatch/.test(stdout);
      });
    });
  });
});

/** The private half of one key with the public half of another. */
function mixJwk(): Record<string, unknown> {
  const [one, other] = [makeKey('ES256'), makeKey('ES256')].map((key) => key.export({ format: 'jwk' }));
  return { ...one, d: other?.d };
}
