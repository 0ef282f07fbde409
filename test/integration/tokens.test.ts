import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import type { Cluster } from '../controlplane/cluster.ts';
import { startService, type LogLine, type Service } from '../controlplane/service.ts';
import type { Stage } from '../controlplane/stage.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { secretText, type Loose, type Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples');

const isLeading = ({ msg }: LogLine): boolean => String(msg).startsWith('leading: ');

describe('tokens on a real control plane', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  let oneMinute: Promise<{ first: Loose; second: Loose }>;
  let standby: Service;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage('tokens'));
    oneMinute = watchOneMinuteToken();
    oneMinute.catch(() => {}); // its own test awaits it, and fails
    await stage.service().waitForLog(isLeading);
    const args = [...stage.serviceArgs, '--no-webhook', '--log-level=debug'];
    standby = await startService(stage.cluster, { args });
  });
  after(async () => {
    await standby.stop();
    await stage.stop();
  });

  /** Begins at once and runs during the other tests, as it takes half a minute. */
  async function watchOneMinuteToken() {
    await tenant.apply('one-minute', { expiryTime: { minutes: 1 }, resignBefore: undefined });
    const first = await objects.waitFor(
      'secrets',
      'tokens',
      'one-minute',
      (secret) => secretText(secret) !== '',
    );
    const second = await objects.waitFor(
      'secrets',
      'tokens',
      'one-minute',
      (secret) => secretText(secret) !== secretText(first),
      60_000,
    );
    return { first, second };
  }

  it('the JWT of the NRP page becomes a Secret with exactly the token of docs/tokens.md', async () => {
    const page = await readFile(join(EXAMPLES, 'my-jwt.yaml'), 'utf8');
    await stage.cluster.kubectl(['apply', '-n', 'tokens', '-f', '-'], { input: page });
    await objects.waitForCondition('tokens', 'my-jwt', 'Ready', 'True', 'Signed');
    const secret = await objects.get('secrets', 'tokens', 'my-jwt');
    const token = secretText(secret);
    const { payload, protectedHeader } = await jwtVerify(token, createPublicKey(NRP_KEY));
    assert.deepEqual(protectedHeader, { alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' });
    const { iat = 0, exp = 0, nbf, jti, ...rest } = payload;
    assert.deepEqual(rest, {
      iss: 'https://issuer.example.com/',
      scope: 'storage.read:/ storage.create:/',
      sub: 'john.doe',
      aud: ['https://wlcg.cern.ch/jwt/v1/any'],
      'wlcg.ver': '1.0',
    });
    const { metadata } = await objects.get('jwts', 'tokens', 'my-jwt');
    const createdAt = Date.parse(metadata.creationTimestamp) / 1000;
    assert.ok(createdAt <= iat + 60 && iat + 60 <= Date.now() / 1000, 'iat is a minute in the past');
    assert.equal(nbf, iat);
    assert.equal(exp - iat, 86_400 + 60);
    assert.match(jti ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

    const jwt = await objects.get('jwts', 'tokens', 'my-jwt');
    assert.equal(secret.type, 'Opaque');
    assert.deepEqual(Object.keys(secret.data), ['token']);
    assert.deepEqual(secret.metadata.ownerReferences, [
      {
        apiVersion: 'tokens.osg-htc.org/v1',
        kind: 'JWT',
        name: 'my-jwt',
        uid: jwt.metadata.uid,
        controller: true,
      },
    ]);
    assert.deepEqual(secret.metadata.labels, {
      'app.kubernetes.io/managed-by': 'jwt-injector',
      'tokens.osg-htc.org/managed': 'true',
    });
    assert.equal(secret.metadata.annotations['tokens.osg-htc.org/last-signing-time'], String(iat + 60));
    assert.equal(Date.parse(secret.metadata.annotations['tokens.osg-htc.org/expires-at']), exp * 1000);

    const { status } = jwt;
    assert.equal(status.tokenId, jti);
    assert.equal(Date.parse(status.expiresAt), exp * 1000);
    assert.equal(status.renewals, 0);
    assert.deepEqual(
      [status.issuer, status.keyId, status.secretName],
      ['https://issuer.example.com/', 'my-jwt-key', 'my-jwt'],
    );
    const publicJwk = JSON.parse(status.publicKey);
    assert.deepEqual([publicJwk.kid, publicJwk.alg, publicJwk.use], ['my-jwt-key', 'ES256', 'sig']);
    await jwtVerify(token, createLocalJWKSet({ keys: [publicJwk] }));
    const renewsIn = (Date.parse(status.renewsAt) - Date.parse(status.issuedAt)) / 3_600_000;
    assert.ok(
      renewsIn > 18.9 && renewsIn <= 19,
      `five hours before a day is over, with a little jitter: ${renewsIn} h`,
    );
  });

  it('a deleted Secret is created again at once, with a new token', async () => {
    const earlier = await tenant.tokenOf('my-jwt');
    await stage.cluster.kubectl(['delete', 'secret', '-n', 'tokens', 'my-jwt']);
    await tenant.waitForToken('my-jwt', (token) => token !== '' && token !== earlier);
    const { status } = await objects.waitFor('jwts', 'tokens', 'my-jwt', (jwt) => jwt.status.renewals === 1);
    assert.equal(status.tokenId, decodeJwt(await tenant.tokenOf('my-jwt')).jti);
  });

  it('a damaged Secret is repaired: emptied, garbage, another token, metadata', async () => {
    const patch = (body: unknown): Promise<unknown> =>
      stage.cluster.kubectl([
        'patch',
        'secret',
        '-n',
        'tokens',
        'my-jwt',
        '--type=merge',
        '-p',
        JSON.stringify(body),
      ]);
    const isGood = (token: string): boolean =>
      token.split('.').length === 3 && decodeProtectedHeader(token).kid === 'my-jwt-key';
    let last = await tenant.tokenOf('my-jwt');
    const forged = `${last.slice(0, -4)}AAAA`;
    for (const data of [
      { token: null },
      { token: '' },
      { token: 'Z2FyYmFnZQ==' },
      { token: Buffer.from(forged).toString('base64') },
    ]) {
      await patch({ data });
      last = await tenant.waitForToken(
        'my-jwt',
        (token) => token !== last && token !== forged && isGood(token),
      );
    }
    const metadata = {
      labels: { 'tokens.osg-htc.org/managed': null },
      annotations: { 'tokens.osg-htc.org/expires-at': null },
    };
    await patch({ metadata, data: { note: 'bWluZQ==' } });
    const repaired = await objects.waitFor(
      'secrets',
      'tokens',
      'my-jwt',
      (secret) =>
        secret.metadata.labels['tokens.osg-htc.org/managed'] === 'true' &&
        secret.metadata.annotations['tokens.osg-htc.org/expires-at'] !== undefined,
    );
    assert.equal(secretText(repaired), last, 'metadata is repaired with the same token');
    assert.equal(secretText(repaired, 'note'), 'mine', 'what others put there stays');
  });

  it('a changed spec is signed again at once; labels and the template change the Secret with the same token', async () => {
    await tenant.apply(
      'changing',
      { secretTemplate: { labels: { team: 'a' }, annotations: { note: 'b' } } },
      { labels: { app: 'x' } },
    );
    const first = await tenant.waitForToken('changing', (token) => token !== '');
    const secret = await objects.get('secrets', 'tokens', 'changing');
    assert.equal(secret.metadata.labels.team, 'a');
    assert.equal(secret.metadata.labels.app, 'x');
    assert.equal(secret.metadata.annotations.note, 'b');

    await tenant.apply('changing', { secretTemplate: { labels: { squad: 'c' } } }, { labels: { app: 'y' } });
    const relabelled = await objects.waitFor(
      'secrets',
      'tokens',
      'changing',
      ({ metadata }) => metadata.labels.app === 'y',
    );
    assert.equal(secretText(relabelled), first);
    assert.equal(relabelled.metadata.labels.squad, 'c');
    assert.equal(relabelled.metadata.labels.team, undefined, 'what is no longer wanted goes');
    assert.equal(relabelled.metadata.annotations.note, undefined);

    await tenant.apply('changing', { data: { scope: 'storage.read:/new' } });
    const second = await tenant.waitForToken('changing', (token) => token !== first);
    assert.equal(decodeJwt(second)['scope'], 'storage.read:/new');
    await tenant.apply('changing', { data: { scope: 'storage.read:/new' }, expiryTime: { hours: 6 } });
    const third = await tenant.waitForToken('changing', (token) => token !== second);
    await tenant.apply('changing', {
      data: { scope: 'storage.read:/new' },
      expiryTime: { hours: 6 },
      keyId: 'k2',
    });
    const fourth = await tenant.waitForToken('changing', (token) => token !== third);
    assert.equal(decodeProtectedHeader(fourth).kid, 'k2');
    await stage.cluster.kubectl([
      'annotate',
      'jwt',
      '-n',
      'tokens',
      'changing',
      'tokens.osg-htc.org/renew=please',
    ]);
    await tenant.waitForToken('changing', (token) => token !== fourth);
    await objects.waitFor('jwts', 'tokens', 'changing', (jwt) => jwt.status.lastRenew === 'please');
  });

  it('a token of one minute without resignBefore is replaced after half a minute', async () => {
    const { first, second } = await oneMinute;
    const [a, b] = [decodeJwt(secretText(first)), decodeJwt(secretText(second))];
    const distance = (b.iat ?? 0) - (a.iat ?? 0);
    assert.ok(distance >= 29, `after ${distance} s`);
    assert.notEqual(a.jti, b.jti);
    const metrics = await (await fetch(`http://127.0.0.1:${stage.service().httpPort}/metrics`)).text();
    assert.match(metrics, /jwt_injector_signatures_total\{algorithm="ES256",cause="RenewalDue"\} [1-9]/);
    assert.match(metrics, /jwt_injector_token_ready\{namespace="tokens",name="one-minute"\} 1/);
  });

  // It begins after half a minute, during the test before.
  it('a replica that does not lead checks signatures, too', async () => {
    try {
      await standby.waitForLog(
        ({ msg, name, valid }) =>
          msg === 'signature of a token checked' && name === 'my-jwt' && valid === true,
      );
      assert.ok(!standby.logLines().some(isLeading));
    } finally {
      await standby.stop();
    }
  });

  it('claims that the service does not keep in memory are complete in the token, and in the next one', async () => {
    const sub = 's'.repeat(40_000);
    await tenant.apply('long-claims', { data: { sub } });
    const first = await tenant.waitForToken('long-claims', (token) => token !== '');
    const renew = 'tokens.osg-htc.org/renew=please';
    await stage.cluster.kubectl(['annotate', 'jwt', '-n', 'tokens', 'long-claims', renew]);
    const second = await tenant.waitForToken('long-claims', (token) => token !== first);
    for (const token of [first, second]) assert.equal(decodeJwt(token).sub, sub);
    await objects.waitFor('jwts', 'tokens', 'long-claims', (jwt) => jwt.status.lastRenew === 'please');
  });

  // After the half minute above: the garbage collector needs this time to find a new kind of object.
  it('the Secret is deleted with its JWT, or stays with Retain', async () => {
    await tenant.apply('deleted');
    await tenant.apply(
      'retained',
      { deletionPolicy: 'Retain' },
      { labels: { 'argocd.argoproj.io/instance': 'app', team: 'a' } },
    );
    await tenant.waitForToken('deleted', (token) => token !== '');
    const kept = await tenant.waitForToken('retained', (token) => token !== '');
    const secret = await objects.get('secrets', 'tokens', 'retained');
    assert.equal(secret.metadata.ownerReferences, undefined);
    assert.equal(secret.metadata.labels['argocd.argoproj.io/instance'], undefined);
    assert.equal(secret.metadata.labels.team, 'a');
    await stage.cluster.kubectl(['delete', 'jwt', '-n', 'tokens', 'deleted', 'retained']);
    await objects.waitForGone('secrets', 'tokens', 'deleted');
    assert.equal(await tenant.tokenOf('retained'), kept);
  });

  it('no log line, event or status has a key or a token', async () => {
    const secrets = await objects.list('secrets', 'tokens');
    const shown = [
      stage.service().output(),
      JSON.stringify(await objects.list('events', 'tokens')),
      JSON.stringify((await objects.list('jwts', 'tokens')).map(({ status }) => status)),
      await (await fetch(`http://127.0.0.1:${stage.service().httpPort}/metrics`)).text(),
    ].join('\n');
    const canaries = secrets.flatMap((secret) =>
      Object.keys(secret.data ?? {}).flatMap((key) => {
        const text = secretText(secret, key);
        return key === 'token'
          ? text.split('.')
          : text.split('\n').filter((line) => line.length > 30 && !line.startsWith('-'));
      }),
    );
    canaries.push(...NRP_KEY.split('\n').filter((line) => line.length > 30 && !line.startsWith('-')));
    assert.ok(canaries.length > 8, 'there is something to look for');
    for (const canary of canaries) assert.ok(!shown.includes(canary), `found ${canary.slice(0, 12)}…`);
  });
});
