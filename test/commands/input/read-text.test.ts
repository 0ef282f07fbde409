import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { certsCommand } from '../../../src/commands/certs.ts';
import type { Command } from '../../../src/commands/command.ts';
import { explainCommand } from '../../../src/commands/explain.ts';
import { injectCommand } from '../../../src/commands/inject.ts';
import { inspectCommand } from '../../../src/commands/inspect.ts';
import { jwksCommand } from '../../../src/commands/jwks.ts';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { signCommand } from '../../../src/commands/sign.ts';
import { verifyCommand } from '../../../src/commands/verify.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { makeKey, toPem } from '../../fixtures/keys.ts';
import { runCommand, runOnText } from '../captured-io.ts';

const ISSUER = ['--issuer', 'https://issuer.example.com'] as const;

describe('a file that a command reads', () => {
  const unnamed: readonly (readonly [Command, readonly string[], RegExp])[] = [
    [
      inspectCommand,
      ['-f', ''],
      /^error: --filename is empty: is the variable set that names the file\?\n\nUsage/,
    ],
    [verifyCommand, ['my-jwt', '--ca-file='], /^error: --ca-file is empty/],
    [rotateCommand, ['my-jwt', '--ca-file='], /^error: --ca-file is empty/],
    [signCommand, ['-f', 'x', '--key', ''], /^error: --key is empty/],
    [injectCommand, ['-f', 'x', '-f='], /^error: --filename is empty/],
    [explainCommand, ['-f', ''], /^error: --filename is empty/],
    [jwksCommand, ['-f', ''], /^error: --filename is empty/],
    [jwksCommand, ['--key', '', ...ISSUER], /^error: --key is empty/],
    [certsCommand, ['trust', ''], /^error: certs trust needs a file/],
  ];
  for (const [command, args, says] of unnamed) {
    it(`has a name (${args.join(' ')})`, async () => {
      const { code, out, err } = await runCommand(command, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, says);
    });
  }

  it('may not be a folder, whose files are to be named', async () => {
    const { code, err } = await runCommand(explainCommand, ['-f', tmpdir()]);
    assert.deepEqual(
      [code, err],
      [3, `error: cannot read ${tmpdir()}: it is a folder: name the files in it\n`],
    );
  });

  const twice: readonly (readonly [Command, readonly string[]])[] = [
    [signCommand, ['-f', '-', '--key', '-']],
    [injectCommand, ['-f', '-', '-f', '-']],
    [explainCommand, ['-f-', '-f=-']],
    [jwksCommand, ['-f', '-', '--key', '-', ...ISSUER]],
    [verifyCommand, ['-', '--ca-file', '-']],
    [verifyCommand, ['-f', '-', '--ca-file', '-']],
  ];
  for (const [command, args] of twice) {
    it(`is standard input only once (${args.join(' ')})`, async () => {
      const { code, out, err } = await runCommand(command, args, { input: toPem(makeKey('ES256')) });
      assert.deepEqual([code, out], [2, '']);
      assert.match(
        err,
        /^error: - stands for standard input, which can be read only once: use a file\n\nUsage/,
      );
    });
  }

  const POD = stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', annotations: { 'tokens.osg-htc.org/token': 'No_Name' } },
    spec: { containers: [{ name: 'c' }] },
  });
  const shown: readonly (readonly [Command, string | Buffer, readonly string[], RegExp])[] = [
    [injectCommand, 'kind: List', [], /^note: nothing in standard input asks for a token/],
    [injectCommand, POD, [], /^error: standard input, document 1 \(Pod a\): /],
    [injectCommand, Buffer.from([0xff, 0x20]), [], /^error: standard input is not valid UTF-8 text/],
    [injectCommand, 'x'.repeat(2 ** 24 + 1), [], /^error: standard input has more than 16 MiB/],
    [explainCommand, '', [], /^error: no Kubernetes object in standard input$/m],
    [jwksCommand, 'kind: Pod', ISSUER, /^error: standard input: no JWT/],
    [jwksCommand, '', ISSUER, /^error: standard input: no JWT and no JWK in it/],
  ];
  for (const [command, input, more, says] of shown) {
    it(`is called standard input if it is that: ${says.source}`, async () => {
      const { code, err } = await runOnText(command, input, ...more);
      assert.ok(code === 1 || err.startsWith('note'), err);
      assert.match(err, says);
      assert.doesNotMatch(err, /(^| )-[ ,:]/m);
    });
  }

  it('is called so as the file of a key and of certificates, too', async () => {
    const key = await runCommand(jwksCommand, ['--key', '-', ...ISSUER], { input: 'x' });
    assert.match(key.err, /^error: standard input: no PEM block and no JWK found/);
    const authorities = await runCommand(
      verifyCommand,
      ['eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.e30.AA', '--ca-file', '-'],
      { input: 'x' },
    );
    assert.match(authorities.err, /^error: standard input holds no certificate/);
  });

  describe('may be UTF-16, as PowerShell writes it', () => {
    const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}\r\n`, 'utf16le');
    const key = makeKey('ES256');
    const jwt = stringify(wireJwt({ key: { secret: { name: 'my-key', key: 'key.pem' } } }));

    it('a private key, a token, and a Secret that holds one', async () => {
      await using home = await mkdtempDisposable(join(tmpdir(), 'jwt-utf16-'));
      const file = join(home.path, 'key.pem');
      await writeFile(file, utf16(toPem(key)));
      const signed = await runOnText(signCommand, utf16(jwt), '--key', file);
      assert.deepEqual([signed.code, signed.err], [0, '']);
      const token = signed.out.trim();
      const secret = stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a' },
        stringData: { token },
      });
      for (const text of [token, secret]) {
        const { code, err } = await runOnText(inspectCommand, utf16(text));
        assert.deepEqual([code, err], [0, '']);
      }
      assert.equal((await runCommand(jwksCommand, ['--key', file, ...ISSUER])).code, 0);
    });

    it('while a key as DER is named as such', async () => {
      const der = key.export({ type: 'pkcs8', format: 'der' });
      const { err } = await runCommand(jwksCommand, ['--key', '-', ...ISSUER], { input: der });
      assert.match(err, /^error: standard input: .*DER/);
    });
  });
});
