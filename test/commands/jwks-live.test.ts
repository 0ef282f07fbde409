import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { jwksCommand } from '../../src/commands/jwks.ts';
import { ROTATION } from '../../src/resources/names.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import type { Loose } from '../integration/objects.ts';
import { refuse } from '../kube/bad-server.ts';
import { runOnText } from './captured-io.ts';
import { startStoredApi, type StoredApi } from './stored-api.ts';

const ISSUER = 'https://issuer.example.com';
const EXPIRES = new Date(Date.now() + 86_400_000).toISOString();
const jwk = (kid: unknown): Loose => ({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid, alg: 'ES256' });
const rotationTo = (publicKey: Loose): Loose => ({
  [ROTATION]: JSON.stringify({ secret: 'a-key', previousKeyId: 'b', publicKey }),
});
/** The status of a JWT that signs for the issuer. */
const signing = (kid: string): Loose => ({
  issuer: ISSUER,
  keyId: kid,
  publicKey: JSON.stringify(jwk(kid)),
  expiresAt: EXPIRES,
});

describe('jwks with objects that others wrote', () => {
  let api: StoredApi;
  let site: string;
  beforeEach(async () => {
    api = await startStoredApi();
    site = join(await mkdtemp(join(tmpdir(), 'jwt-jwks-live-')), 'site');
  });
  afterEach(async () => {
    await rm(join(site, '..'), { recursive: true });
    await api[Symbol.asyncDispose]();
  });

  const add = (namespace: string, name: string, status: Loose, annotations: Loose = {}): void => {
    const path = `/apis/tokens.osg-htc.org/v1/namespaces/${namespace}/jwts/${name}`;
    const object = wireJwt({ issuer: ISSUER }, { metadata: { namespace, name, annotations }, status });
    api.objects.set(path, object);
  };
  const jwks = (...args: readonly string[]) => api.run(jwksCommand, ...args, '--dir', site);
  const everywhere = (...args: readonly string[]) => jwks('-A', '--issuer', ISSUER, ...args);
  const kids = async (): Promise<readonly unknown[]> => {
    const text = await readFile(join(site, '.well-known/issuer.jwks'), 'utf8');
    return JSON.parse(text).keys.map(({ kid }: Loose) => kid);
  };

  it('with -A ignores the key of a user who only wrote the issuer and an annotation', async () => {
    add('science', 'my-jwt', signing('own'), rotationTo(jwk('next')));
    add('tenant', 'unsigned', {}, rotationTo(jwk('foreign')));
    add('tenant', 'unsaid', { publicKey: JSON.stringify(jwk('other')) }, rotationTo(jwk('foreign')));
    const { code, err } = await everywhere();
    assert.deepEqual([code, err], [0, '']);
    assert.deepEqual(await kids(), ['own', 'next']);
  });

  it('ignores the key of a JWT if the policy forbids its issuer, and it has no token of it', async () => {
    const conditions = [{ type: 'PolicyDenied', status: 'True', reason: 'PolicyDenied', message: 'no' }];
    const { expiresAt: _none, ...status } = signing('refused');
    add('science', 'my-jwt', { ...signing('own'), conditions });
    add('tenant', 'refused', { ...status, conditions }, rotationTo(jwk('foreign')));
    add('tenant', 'expired', { ...signing('expired'), expiresAt: '2020-01-01T00:00:00Z', conditions });
    assert.equal((await everywhere()).code, 0);
    assert.deepEqual(await kids(), ['own']);
    const named = await jwks('refused', '-n', 'tenant');
    assert.equal(named.code, 1);
    assert.match(named.err, /JWT tenant\/refused has signed nothing for its issuer yet/);
  });

  it('with -A names the JWTs whose key was not published before', async () => {
    add('science', 'my-jwt', signing('own'));
    assert.equal((await everywhere()).err, '');
    add('tenant', 'other', signing('o t'));
    const { code, err } = await everywhere();
    assert.equal(code, 0);
    assert.match(
      err,
      /^warning: kid o t of JWT tenant\/other was not published here before: .* with '--remove=o t'$/m,
    );
    assert.equal((await everywhere()).err, '');
  });

  describe('with -A where no JWT has signed for the issuer', () => {
    const wrong = ['-A', '--issuer', `${ISSUER}/`] as const;
    const says =
      /^error: no JWT of the cluster has signed for the issuer "https:\/\/issuer\.example\.com\/", byte for byte; JWTs have signed for https:\/\/issuer\.example\.com: correct --issuer, or choose the cluster with --context\n$/;

    it('writes nothing, as verifiers would refuse every token, and names the issuers that there are', async () => {
      add('science', 'my-jwt', signing('own'));
      const { code, out, err } = await jwks(...wrong);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, says);
      await assert.rejects(readFile(join(site, 'index.html')), { code: 'ENOENT' });
    });

    it('prints no empty JWK Set either', async () => {
      add('science', 'unsigned', {});
      const { code, out, err } = await api.run(jwksCommand, '-A', '--issuer', ISSUER, '-o', 'json');
      assert.deepEqual([code, out], [1, '']);
      assert.match(
        err,
        /byte for byte; no other issuer has a signature: correct --issuer, or choose the cluster/,
      );
    });

    it('warns if keys are published already, and takes the last one away only by its name', async () => {
      add('science', 'my-jwt', signing('own'));
      assert.equal((await everywhere()).code, 0);
      api.objects.clear();
      const { code, err } = await everywhere();
      assert.deepEqual([code, await kids()], [0, ['own']]);
      assert.match(err, /^warning: no JWT of the cluster has signed for the issuer "https/);
      assert.equal((await everywhere('--remove=own')).code, 0);
      assert.deepEqual(await kids(), []);
    });
  });

  it('removes a key that no longer signs too early only by force, with its effects, and never one that signs', async () => {
    const retiredKeys = [{ publicKey: JSON.stringify(jwk('stolen')), expiresAt: EXPIRES, issuer: ISSUER }];
    add('science', 'my-jwt', { ...signing('own'), retiredKeys });
    const here = ['my-jwt', '-n', 'science'] as const;
    assert.equal((await jwks(...here)).code, 0);
    assert.deepEqual(await kids(), ['own', 'stolen']);
    const early = await jwks(...here, '--remove=stolen');
    assert.equal(early.code, 1);
    assert.match(early.err, /its tokens would be refused: if it was stolen, add --force$/m);
    assert.deepEqual(await kids(), ['own', 'stolen']);
    for (const run of ['first', 'second']) {
      const { code, err } = await jwks(...here, '--remove=stolen', '--force');
      assert.equal(code, 0, `${run} run: ${err}`);
      assert.match(
        err,
        /^warning: kid stolen is removed before its last token \(of JWT science\/my-jwt\) expires on \d.*give --remove=stolen --force in each run/,
      );
      assert.deepEqual(await kids(), ['own']);
    }
    const refused = await jwks(...here, '--remove=own', '--force');
    assert.equal(refused.code, 1);
    assert.match(
      refused.err,
      /--remove own: it is still in use \(JWT science\/my-jwt\), and its tokens would be refused$/m,
    );
  });

  it('ignores a rotation whose key rotate cannot have made', async () => {
    for (const broken of [jwk({ toString: 1 }), jwk(5), { ...jwk('next'), alg: { toString: 1 } }]) {
      add('science', 'my-jwt', signing('own'), rotationTo(broken));
      const { code, err } = await everywhere();
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(await kids(), ['own']);
    }
  });

  describe('of a rotation', () => {
    const SECRET = '/api/v1/namespaces/science/secrets/a-key';
    const here = ['my-jwt', '-n', 'science'] as const;
    beforeEach(() => add('science', 'my-jwt', signing('own'), rotationTo(jwk('next'))));

    it('publishes the new key if its Secret exists, without reading its data', async () => {
      api.objects.set(SECRET, { metadata: { name: 'a-key', namespace: 'science' } });
      const { code, err } = await jwks(...here);
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(await kids(), ['own', 'next']);
      const asked = api.requests.filter(({ path }) => path === SECRET);
      assert.deepEqual(
        asked.map(({ headers }) => headers.accept?.includes('as=PartialObjectMetadata')),
        [true],
      );
    });

    it('publishes no key whose Secret was never created: its private half does not exist', async () => {
      const { code, err } = await jwks(...here);
      assert.equal(code, 0);
      assert.equal(
        err,
        'warning: kid next of the rotation of JWT science/my-jwt is not published, because its Secret science/a-key does not exist: make another key (jwt-injector rotate my-jwt -n science)\n',
      );
      assert.deepEqual(await kids(), ['own']);
    });

    it('publishes the new key without its Secret if the JWT names it', async () => {
      const path = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';
      api.objects.get(path).spec.keyId = 'next';
      const { code, err } = await jwks(...here);
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(await kids(), ['own', 'next']);
    });

    it('publishes the new key with a warning if the caller is not allowed to read its Secret', async () => {
      api.interfere = ({ path }, response) => {
        if (path !== SECRET) return undefined;
        refuse(response, 403, 'Forbidden');
        return 'answered';
      };
      const { code, err } = await jwks(...here);
      assert.equal(code, 0);
      assert.match(
        err,
        /^warning: kid next .* is published, but whether its Secret science\/a-key exists is not known: you are not allowed to read secrets in namespace science\n$/,
      );
      assert.deepEqual(await kids(), ['own', 'next']);
    });
  });

  it('refuses a key of a file whose kid is not a string', async () => {
    const input = JSON.stringify(jwk(5));
    const { code, err } = await runOnText(jwksCommand, input, '--issuer', ISSUER);
    assert.equal(code, 1);
    assert.match(err, /^error: standard input: the kid of the key is not a string/);
  });

  it('warns of an issuer with a password, however it is named, and publishes: tokens may need it', async () => {
    const issuer = 'https://user:secret@issuer.example.com';
    for (const [object, ...flags] of [[jwk('own'), '--issuer', issuer], [wireJwt({ issuer })]]) {
      const { code, out, err } = await runOnText(jwksCommand, JSON.stringify(object), ...flags);
      assert.equal(code, 0, err);
      assert.match(err, /^warning: the issuer has a user name or password, which everybody sees: /);
      assert.match(out, /^Issuer https:\/\/user:secret@issuer\.example\.com: 1 key$/m);
    }
  });

  describe('of a JWT that has another issuer now', () => {
    const old = 'https://user:secret@old.example.com';
    const retiredKeys = [{ publicKey: JSON.stringify(jwk('old')), expiresAt: EXPIRES, issuer: old }];
    const conditions = [{ type: 'PolicyDenied', status: 'True', reason: 'PolicyDenied', message: 'no' }];
    const here = ['my-jwt', '-n', 'science'] as const;

    it('publishes by the command that it prints, also if the earlier one had a password', async () => {
      add('science', 'my-jwt', { ...signing('own'), retiredKeys });
      const { code, err } = await jwks(...here);
      assert.equal(code, 0, err);
      const [, again = ''] =
        / had the issuer .* before: .* \(the same with --issuer (.*)\)$/m.exec(err) ?? [];
      assert.equal(again, old);
      const earlier = join(site, '..', 'old');
      for (const choice of [here, ['-A']]) {
        const made = await api.run(jwksCommand, ...choice, '--issuer', again, '--dir', earlier);
        assert.equal(made.code, 0, made.err);
        assert.match(made.err, /^warning: the issuer has a user name or password/);
        const set = JSON.parse(await readFile(join(earlier, '.well-known/issuer.jwks'), 'utf8'));
        assert.deepEqual(set, { keys: [{ ...jwk('old'), use: 'sig' }] });
      }
    });

    it('says how the earlier keys are published if nothing was signed for the new one', async () => {
      const { expiresAt: _none, ...status } = signing('refused');
      add('science', 'my-jwt', { ...status, retiredKeys, conditions });
      const { code, err } = await jwks(...here);
      assert.equal(code, 1);
      assert.match(
        err,
        /^error: no JWT has signed for the issuer "https:\/\/issuer\.example\.com" yet; JWT science\/my-jwt had the issuer .* before: .* \(the same with --issuer https:\/\/user:secret@old\.example\.com\)\n$/,
      );
    });
  });

  it('prints a command that is quoted for a shell, for any issuer of a JWT', async () => {
    const issuer = 'https://old.example.com/;reboot';
    const retiredKeys = [{ publicKey: JSON.stringify(jwk('old')), expiresAt: EXPIRES, issuer }];
    add('science', 'my-jwt', { ...signing('own'), retiredKeys });
    const { err } = await jwks('my-jwt', '-n', 'science');
    assert.match(err, /\(the same with --issuer 'https:\/\/old\.example\.com\/;reboot'\)$/m);
  });
});
