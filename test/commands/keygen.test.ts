import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { calculateJwkThumbprint, compactVerify, importJWK, decodeProtectedHeader, type JWK } from 'jose';
import { keygenCommand } from '../../src/commands/keygen.ts';
import { readEditable } from '../../src/commands/yaml/editable-document.ts';
import { signCommand } from '../../src/commands/sign.ts';
import { at } from '../admission/pods.ts';
import { execute } from '../runs/execute.ts';
import { runCommand, runOnText } from './captured-io.ts';

const ISSUER = ['--issuer', 'https://issuer.example.com'] as const;

describe('keygen', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-keygen-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const algorithm of ['ES256', 'RS256']) {
    it(`makes a key for ${algorithm} that signs, and all objects that use it`, async () => {
      const dir = join(folder, algorithm);
      const made = await runCommand(keygenCommand, [
        'my-jwt',
        ...ISSUER,
        '--algorithm',
        algorithm,
        '--dir',
        dir,
      ]);
      assert.deepEqual([made.code, made.err], [0, '']);
      const read = (name: string) => readFile(join(dir, `my-jwt-${name}`), 'utf8');
      const jwk = JSON.parse(await read('jwk.json')) as JWK;
      assert.deepEqual([jwk.kid, jwk.alg, jwk.use], [await calculateJwkThumbprint(jwk), algorithm, 'sig']);
      assert.equal(jwk.d, undefined);
      const input = `${await read('key-secret.yaml')}---\n${await read('jwt.yaml')}`;
      const signed = await runOnText(signCommand, input);
      assert.deepEqual([signed.code, signed.err], [0, ''], 'no warning about what keygen made');
      await compactVerify(signed.out.trim(), await importJWK(jwk));
      assert.equal(decodeProtectedHeader(signed.out).kid, jwk.kid);
      const byKey = ['-f', join(dir, 'my-jwt-jwt.yaml'), '--key', join(dir, 'my-jwt-key.pem')];
      assert.equal((await runCommand(signCommand, byKey)).code, 0);
    });
  }

  it('writes manifests that Kubernetes reads correctly for any valid names', async () => {
    const dir = join(folder, 'words');
    const flags = ['-n', 'no', '--subject', '0b11', '--dir', dir];
    assert.equal((await runCommand(keygenCommand, ['on', ...ISSUER, ...flags])).code, 0);
    const texts = ['jwt', 'key-secret'].map((name) => readFile(join(dir, `on-${name}.yaml`), 'utf8'));
    const [jwt, secret] = (await Promise.all(texts)).map((text) => {
      const read = readEditable(text);
      assert.ok(read.ok);
      return read.value[0]?.value;
    });
    assert.deepEqual(at(jwt, 'metadata'), { name: 'on', namespace: 'no' });
    assert.deepEqual(at(jwt, 'spec', 'key', 'secret'), { name: 'on-key', key: 'key.pem', namespace: 'no' });
    assert.equal(at(jwt, 'spec', 'data', 'sub'), '0b11');
    assert.deepEqual(at(secret, 'metadata'), { name: 'on-key', namespace: 'no' });
  });

  it('makes files with the private key readable for their owner only', async () => {
    const modes = await Promise.all(
      ['key.pem', 'key-secret.yaml', 'jwt.yaml', 'jwk.json'].map(async (name) => {
        const { mode } = await stat(join(folder, 'ES256', `my-jwt-${name}`));
        return (mode & 0o777).toString(8);
      }),
    );
    assert.deepEqual(modes.slice(0, 2), ['600', '600']);
  });

  for (const name of ['key.pem', 'key-secret.yaml', 'jwt.yaml', 'jwk.json']) {
    it(`overwrites no ${name}, and then leaves nothing behind`, async () => {
      const dir = await mkdtemp(join(folder, 'taken-'));
      await writeFile(join(dir, `x-${name}`), 'mine');
      const { code, out, err } = await runCommand(keygenCommand, ['x', ...ISSUER, '--dir', dir]);
      assert.deepEqual([code, out], [1, '']);
      assert.equal(
        err,
        `error: ${join(dir, `x-${name}`)} exists and is not overwritten: choose another name or --dir\n`,
      );
      assert.deepEqual(await readdir(dir), [`x-${name}`]);
      assert.equal(await readFile(join(dir, `x-${name}`), 'utf8'), 'mine');
    });
  }

  it('says that a folder is a file', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    const { code, err } = await runCommand(keygenCommand, ['x', ...ISSUER, '--dir', join(file, 'y')]);
    assert.equal(code, 3);
    assert.match(err, /^error: cannot write .*x-key\.pem: ENOTDIR\n$/);
  });

  it('prints the public key and never the private one, also for scripts', async () => {
    const dir = join(folder, 'printed');
    const { out } = await runCommand(keygenCommand, ['x', ...ISSUER, '--dir', dir, '-o', 'json']);
    const report = JSON.parse(out) as { keyId: string; publicKey: JWK; files: { path: string }[] };
    assert.equal(report.publicKey.kid, report.keyId);
    assert.equal(report.files.length, 4);
    const pem = await readFile(join(dir, 'x-key.pem'), 'utf8');
    const human = await runCommand(keygenCommand, ['y', ...ISSUER, '--dir', dir]);
    for (const line of pem.split('\n').filter((text) => text.length > 20)) assert.ok(!out.includes(line));
    assert.doesNotMatch(out + human.out, /PRIVATE|"d"/);
    assert.match(
      human.out,
      /jwt-injector jwks -f .*y-jwk\.json --issuer https:\/\/issuer\.example\.com --dir site\//,
    );
  });

  it('takes -n=science as kubectl does', async () => {
    const { code, out } = await runCommand(keygenCommand, ['n', ...ISSUER, '-n=science', '--dir', folder]);
    assert.equal(code, 0);
    assert.match(out, / create .* -n science\n/);
    assert.match(await readFile(join(folder, 'n-jwt.yaml'), 'utf8'), /^ {2}namespace: science$/m);
  });

  it('prints commands that are quoted for a shell', async () => {
    const dir = join(folder, "my keys; it's");
    const issuer = ['--issuer', 'https://issuer.example.com/a&b'];
    const { code, out } = await runCommand(keygenCommand, ['x', ...issuer, '--dir', dir, '-n', 'science']);
    assert.equal(code, 0);
    const commands = out.split('\nNext\n')[1] ?? '';
    const shim = String.raw`show() { printf '%s\n' "$@"; }; kubectl() { show kubectl "$@"; }; alias jwt-injector='show jwt-injector'`;
    const { stdout } = await execute('sh', ['-ec', `${shim}\n${commands}`]);
    const pathOf = (name: string): string => join(dir, `x-${name}`);
    assert.deepEqual(
      stdout.trimEnd().split('\n'),
      [
        ['jwt-injector', 'jwks', '-f', pathOf('jwk.json'), ...issuer, '--dir', 'site/'],
        ['kubectl', 'create', '-f', pathOf('key-secret.yaml'), '-n', 'science'],
        ['kubectl', 'create', '-f', pathOf('jwt.yaml'), '-n', 'science'],
        ['jwt-injector', 'verify', 'jwt', 'x', '-n', 'science'],
      ].flat(),
    );
  });

  it('warns of frequent mistakes', async () => {
    const args = [
      'slash',
      '--issuer',
      'https://issuer.example.com/',
      '--scope',
      'storage.write:/',
      '--dir',
      folder,
    ];
    const { code, err } = await runCommand(keygenCommand, args);
    assert.equal(code, 0);
    assert.match(err, /^warning: .*storage\.write is not a scope/m);
    assert.match(err, /^warning: the issuer ends in "\/"/m);
  });

  const WRONG: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /the name of the JWT is missing/],
    [['a', 'b', ...ISSUER], /unexpected argument "b"/],
    [['a'], /--issuer is missing/],
    [['My_JWT', ...ISSUER], /"My_JWT" cannot be the name of a JWT.*: use my-jwt/],
    [['a'.repeat(250), ...ISSUER], /make it shorter/],
    [['a', '--issuer', 'http://issuer.example.com'], /the issuer must begin with https:.*correct --issuer/],
    [['a', '--issuer', 'https://a b'], /white space, .*: remove it from --issuer$/m],
    [['a', '--issuer='], /^error: --issuer must be set: the claim "iss"$/m],
    [
      ['a', '--issuer', 'https://me:secret@a.example'],
      /a user name or password, .*: remove it from --issuer$/m,
    ],
    [['a', '--issuer', 'https://a.example/?x'], /a query or a fragment.*correct --issuer/],
    [['a', ...ISSUER, '--algorithm', 'EdDSA'], /--algorithm must be ES256 or RS256.*not "EdDSA"/],
    [['a', ...ISSUER, '-o', 'table'], /-o must be json or yaml/],
    [['a', ...ISSUER, '-n', 'Bad NS'], /--namespace is not the name of a namespace/],
    [['a', ...ISSUER, '--context', 'x'], /flags of --to-cluster/],
  ];
  for (const [args, says] of WRONG) {
    it(`refuses wrong usage: ${args.join(' ').slice(0, 60)}`, async () => {
      const { code, out, err } = await runCommand(keygenCommand, [...args, '--dir', join(folder, 'none')]);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, says);
      await assert.rejects(stat(join(folder, 'none')));
    });
  }
});
