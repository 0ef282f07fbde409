import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { jwksCommand } from '../../src/commands/jwks.ts';
import { keygenCommand } from '../../src/commands/keygen.ts';
import { signCommand } from '../../src/commands/sign.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, NRP_KEY, toPem } from '../fixtures/keys.ts';
import { runCommand } from './captured-io.ts';

const ISSUER = 'https://issuer.example.com';
const DAY_MS = 86_400_000;

describe('jwks', () => {
  let folder: string;
  let site: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-jwks-'));
    site = join(folder, 'site');
    const made = await runCommand(keygenCommand, ['my-jwt', '--issuer', ISSUER, '--dir', folder]);
    assert.equal(made.code, 0, made.err);
  });
  after(() => rm(folder, { recursive: true }));

  const fileOf = (name: string): string => join(folder, `my-jwt-${name}`);
  const jwks = (...args: readonly string[]) => runCommand(jwksCommand, args);
  const published = async (dir = site): Promise<JSONWebKeySet> =>
    JSON.parse(await readFile(join(dir, '.well-known/issuer.jwks'), 'utf8'));
  const kidsOf = async (dir = site) => (await published(dir)).keys.map(({ kid }) => kid);

  it('writes the documents that verifiers fetch: a signed token verifies with them', async () => {
    const { code, err, out } = await jwks('-f', fileOf('jwk.json'), '--issuer', ISSUER, '--dir', site);
    assert.deepEqual([code, err], [0, '']);
    const read = async (name: string) => JSON.parse(await readFile(join(site, '.well-known', name), 'utf8'));
    const metadata = { issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/issuer.jwks` };
    assert.deepEqual(await read('openid-configuration'), metadata);
    assert.deepEqual(await read('oauth-authorization-server'), metadata);
    assert.equal(await readFile(join(site, '.nojekyll'), 'utf8'), '');
    const { out: token } = await runCommand(signCommand, [
      '-f',
      fileOf('jwt.yaml'),
      '--key',
      fileOf('key.pem'),
    ]);
    await compactVerify(token.trim(), createLocalJWKSet(await published()));
    assert.match(out, /^Issuer https:\/\/issuer\.example\.com: 1 key$/m);
    assert.match(out, /if that is not answered with 200: .*\/\.well-known\/oauth-authorization-server$/m);
  });

  it('gives the same result for a key from its JWT and Secret, from its JWK, and from its file', async () => {
    const ways = [
      ['-f', fileOf('jwt.yaml'), '-f', fileOf('key-secret.yaml')],
      ['-f', fileOf('jwt.yaml'), '-f', fileOf('jwk.json')],
      ['-f', fileOf('jwt.yaml'), '--key', fileOf('key.pem')],
      ['--key', fileOf('key.pem'), '--issuer', ISSUER],
    ];
    const sets = await Promise.all(
      ways.map(async (args) => {
        const { code, out, err } = await jwks(...args, '-o', 'json');
        assert.equal(code, 0, err);
        return JSON.parse(out).documents['.well-known/issuer.jwks'];
      }),
    );
    for (const set of sets) assert.deepEqual(set, await published());
  });

  it('adds a key before it signs, and keeps those that were published until they are removed', async () => {
    const dir = join(folder, 'rotated');
    await cp(site, dir, { recursive: true });
    const [old = ''] = await kidsOf();
    await writeFile(fileOf('next.pem'), toPem(makeKey('RS256')));
    const added = await jwks('--key', fileOf('next.pem'), '--kid', 'next', '--issuer', ISSUER, '--dir', dir);
    assert.equal(added.code, 0, added.err);
    assert.deepEqual(await kidsOf(dir), ['next', old]);
    assert.match(added.out, new RegExp(`${old} +ES256 +was published before, in ${dir}`));
    const refused = await jwks('-f', fileOf('jwk.json'), '--issuer', ISSUER, '--dir', dir, `--remove=${old}`);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /--remove .*: it is still in use \(.*my-jwt-jwk\.json\)/);
    const args = ['--key', fileOf('next.pem'), '--kid', 'next', '--issuer', ISSUER, '--dir', dir];
    assert.equal((await jwks(...args, '--remove=other')).code, 1, 'there is no such key');
    assert.equal((await jwks(...args, `--remove=${old}`)).code, 0);
    assert.deepEqual(await kidsOf(dir), ['next']);
  });

  it('shows on the page since when a key is published, and keeps that date', async () => {
    const dir = join(folder, 'since');
    await cp(site, dir, { recursive: true });
    const page = join(dir, 'index.html');
    const html = await readFile(page, 'utf8');
    await writeFile(page, html.replaceAll(/"20\d\d-[^"]+Z"/g, '"2025-01-02T03:04:05Z"'));
    assert.equal((await jwks('-f', fileOf('jwk.json'), '--issuer', ISSUER, '--dir', dir)).code, 0);
    assert.match(await readFile(page, 'utf8'), /<dd>2025-01-02 03:04:05 UTC<\/dd>/);
  });

  it('publishes retired keys of a status as long as their tokens live', async () => {
    const jwk = (kid: string) =>
      JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid, alg: 'ES256' });
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const status = {
      issuer: ISSUER,
      keyId: 'now',
      publicKey: jwk('now'),
      retiredKeys: [
        { publicKey: jwk('leaving'), expiresAt: at(DAY_MS), issuer: ISSUER },
        { publicKey: jwk('gone'), expiresAt: at(-DAY_MS), issuer: ISSUER },
      ],
    };
    const file = fileOf('status.json');
    await writeFile(
      file,
      JSON.stringify(wireJwt({ issuer: ISSUER, key: { secret: { name: 'a', key: 'b' } } }, { status })),
    );
    const { code, out, err } = await jwks('-f', file);
    assert.equal(code, 0, err);
    assert.match(
      out,
      /^ {2}leaving +ES256 +no longer signs for JWT science\/my-jwt; its last token expires .* UTC, keep it 15 minutes/m,
    );
    assert.doesNotMatch(out, /gone/);
  });

  it('publishes a retired key for the issuer of its tokens, although the JWT has another one now', async () => {
    const jwk = (kid: string) =>
      JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid, alg: 'ES256' });
    const old = 'https://old.example.com';
    const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
    const retiredKeys = [
      { publicKey: jwk('key'), expiresAt, issuer: old },
      { publicKey: jwk('before'), expiresAt, issuer: ISSUER },
    ];
    const status = { issuer: ISSUER, keyId: 'key', publicKey: jwk('key'), retiredKeys };
    const file = fileOf('moved.json');
    const spec = { issuer: ISSUER, key: { secret: { name: 'a', key: 'b' } } };
    await writeFile(file, JSON.stringify(wireJwt(spec, { status })));
    const kids = async (...more: readonly string[]) => {
      const { code, out, err } = await jwks('-f', file, '-o', 'json', ...more);
      assert.equal(code, 0, err);
      const { keys } = JSON.parse(out).documents['.well-known/issuer.jwks'];
      return { kids: keys.map(({ kid }: { readonly kid: string }) => kid), err };
    };
    const present = await kids();
    assert.deepEqual(present.kids.toSorted(), ['before', 'key']);
    assert.match(
      present.err,
      /^warning: JWT science\/my-jwt had the issuer https:\/\/old\.example\.com before: .*with --issuer https:\/\/old\.example\.com\)$/m,
    );
    assert.deepEqual(await kids('--issuer', old), { kids: ['key'], err: '' });
  });

  it('makes no set for issuers that differ in a slash, or for two issuers', async () => {
    const files = await Promise.all(
      [ISSUER, `${ISSUER}/`].map(async (issuer, index) => {
        await writeFile(fileOf(`${index}.json`), JSON.stringify(wireJwt({ issuer, keyId: `k${index}` })));
        return ['-f', fileOf(`${index}.json`)];
      }),
    );
    const { code, err } = await jwks(...files.flat());
    assert.equal(code, 1);
    assert.match(
      err,
      /different issuers, byte for byte \(https:\/\/issuer\.example\.com, https:\/\/issuer\.example\.com\/\)/,
    );
    const other = await jwks('-f', fileOf('0.json'), '--issuer', `${ISSUER}/`);
    assert.deepEqual([other.code, /is "https:.*com", byte for byte, and not/.test(other.err)], [1, true]);
  });

  it('overwrites no document of another issuer, and no page of your own', async () => {
    const dir = join(folder, 'mine');
    await cp(site, dir, { recursive: true });
    const other = await jwks('--key', fileOf('key.pem'), '--issuer', 'https://other.example', '--dir', dir);
    assert.equal(other.code, 1);
    assert.match(
      other.err,
      /openid-configuration is of the issuer https:\/\/issuer\.example\.com and is not overwritten/,
    );
    await writeFile(join(dir, 'index.html'), 'my page');
    const own = await jwks('--key', fileOf('key.pem'), '--issuer', ISSUER, '--dir', dir);
    assert.deepEqual([own.code, /index\.html is a page of your own and stays/.test(own.err)], [0, true]);
    assert.equal(await readFile(join(dir, 'index.html'), 'utf8'), 'my page');
    await writeFile(join(dir, '.well-known/issuer.jwks'), '<html>');
    const broken = await jwks('--key', fileOf('key.pem'), '--issuer', ISSUER, '--dir', dir);
    assert.deepEqual([broken.code, /is not a JWK Set and is not overwritten/.test(broken.err)], [1, true]);
    assert.equal(await readFile(join(dir, '.well-known/issuer.jwks'), 'utf8'), '<html>');
  });

  it('escapes texts of authors', async () => {
    const dir = join(folder, 'escaped');
    const kid = '</script><b>"&';
    assert.equal(
      (await jwks('--key', fileOf('key.pem'), '--kid', kid, '--issuer', `${ISSUER}/<b>`, '--dir', dir)).code,
      0,
    );
    const html = await readFile(join(dir, 'index.html'), 'utf8');
    assert.doesNotMatch(html, /<b>/);
    assert.equal([...html.matchAll(/<\/script>/g)].length, 1);
  });

  it('prints no private key for any input', async () => {
    const { out } = await jwks(
      '-f',
      fileOf('jwt.yaml'),
      '-f',
      fileOf('key-secret.yaml'),
      '--key',
      fileOf('key.pem'),
    );
    assert.doesNotMatch(out, /PRIVATE|"d"/);
  });

  const REFUSED: readonly (readonly [
    title: string,
    input: string,
    args: readonly string[],
    code: number,
    says: RegExp,
  ])[] = [
    [
      'a file that is not there',
      '',
      ['-f', '/nowhere.yaml'],
      3,
      /cannot read \/nowhere\.yaml: there is no such file/,
    ],
    ['a PEM as -f', NRP_KEY, ['-f', '-', '--issuer', ISSUER], 1, /a PEM file is given with --key|no JWT/],
    [
      'a certificate as --key',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      ['--key', '-', '--issuer', ISSUER],
      1,
      /found a CERTIFICATE: a private key/,
    ],
    [
      'a JWT whose key is elsewhere',
      JSON.stringify(wireJwt({ key: { secret: { name: 'a', key: 'b' } } })),
      ['-f', '-'],
      1,
      /JWT science\/my-jwt: its key is in Secret a, data key "b", which is not in the files/,
    ],
    ['a Pod', '{"kind": "Pod", "apiVersion": "v1"}', ['-f', '-'], 1, /no JWT \(kind: JWT\) and no JWK/],
    [
      'an issuer of http',
      JSON.stringify(wireJwt({ issuer: 'http://a.example' })),
      ['-f', '-'],
      1,
      /issuer "http:\/\/a\.example": the issuer must begin with https/,
    ],
    ['nothing', '', [], 2, /no key is given/],
    ['--key without an issuer', '', ['--key', 'x'], 2, /--issuer is missing/],
    [
      'a wrong --issuer',
      '',
      ['--key', 'x', '--issuer', 'ftp://x'],
      2,
      /--issuer: the issuer must begin with https/,
    ],
    ['-A without an issuer', '', ['-A'], 2, /-A needs --issuer/],
    ['-A with -n', '', ['-A', '-n', 'x', '--issuer', ISSUER], 2, /exclude each other/],
    [
      '--kid for two',
      '',
      ['--key', 'a', '--key', 'b', '--kid', 'x', '--issuer', ISSUER],
      2,
      /exactly one --key/,
    ],
    [
      '--remove without --dir',
      '',
      ['--key', 'a', '--remove', 'x', '--issuer', ISSUER],
      2,
      /--remove needs --dir/,
    ],
  ];
  for (const [title, input, args, exit, says] of REFUSED) {
    it(`ends with exit code ${exit} for ${title}`, async () => {
      const { code, out, err } = await runCommand(jwksCommand, args, { input });
      assert.deepEqual([code, out], [exit, '']);
      assert.match(err, says);
    });
  }

  it('ends with exit code 3 for a folder that cannot be made', async () => {
    await mkdir(folder, { recursive: true });
    const { code, err } = await jwks(
      '--key',
      fileOf('key.pem'),
      '--issuer',
      ISSUER,
      '--dir',
      join(fileOf('jwk.json'), 'x'),
    );
    assert.equal(code, 3);
    assert.match(err, /^error: cannot (read|write) .*: ENOTDIR$/m);
  });
});
