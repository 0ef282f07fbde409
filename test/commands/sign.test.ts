import assert from 'node:assert/strict';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { signCommand } from '../../src/commands/sign.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { execute } from '../runs/execute.ts';
import { runCommand, runOnObjects, type CommandResult } from './captured-io.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const OWN_NAME = { key: { secret: { name: 'my-jwt', key: 'key.pem' } } };
const BY_NAME = { key: { secret: { name: 'my-key', key: 'key.pem' } } };

describe('sign -f', () => {
  let folder: string;
  let key: KeyObject;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'jwt-sign-'));
    key = makeKey('ES256');
    writeFileSync(join(folder, 'key.pem'), toPem(key));
  });
  after(() => rmSync(folder, { recursive: true }));

  const sign = (objects: readonly unknown[], ...args: readonly string[]): Promise<CommandResult> =>
    runOnObjects(signCommand, objects, ...args);
  const withKey = (object: unknown): Promise<CommandResult> =>
    sign([object], '--key', join(folder, 'key.pem'));
  const verify = (token: string) => jwtVerify(token, createPublicKey(key), { issuer: wireJwt().spec.issuer });

  it('prints one line for each JWT, with the key that --key names', async () => {
    const objects = [wireJwt(BY_NAME), wireJwt({ ...BY_NAME, keyId: 'other' })];
    const { code, out, err } = await sign(objects, '--key', join(folder, 'key.pem'));
    assert.deepEqual([code, err], [0, '']);
    const tokens = out.trimEnd().split('\n');
    const verified = await Promise.all(tokens.map(verify));
    assert.deepEqual(
      verified.map(({ protectedHeader }) => protectedHeader.kid),
      ['my-jwt-key', 'other'],
    );
  });

  it('takes the key of a Secret in the same file', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'my-key', namespace: 'science' },
      data: { 'key.pem': Buffer.from(toPem(key)).toString('base64') },
    };
    const { code, out } = await sign([wireJwt(BY_NAME), secret]);
    assert.equal(code, 0);
    await verify(out.trimEnd());
  });

  it('says how to get a key that is not in the file', async () => {
    const { code, out, err } = await sign([wireJwt(BY_NAME)]);
    assert.deepEqual([code, out], [1, '']);
    assert.match(
      err,
      /--key \(kubectl get secret my-key -n science -o 'jsonpath=\{\.data\.key\\\.pem\}' \| base64 -d \| jwt-injector sign -f FILE --key -\)/,
    );
  });

  it('prints a command for that which signs', async () => {
    const file = join(folder, "my jwt; it's.json");
    writeFileSync(file, JSON.stringify(wireJwt(BY_NAME)));
    const { err } = await runCommand(signCommand, ['-f', file]);
    const [, remedy = ''] = /--key \((.*)\)$/m.exec(err) ?? [];
    const encoded = Buffer.from(toPem(key)).toString('base64');
    const programs = `kubectl() { [ "$*" = 'get secret my-key -n science -o jsonpath={.data.key\\.pem}' ] && echo ${encoded}; }
      alias jwt-injector='"$NODE" "$MAIN"'`;
    const env = { ...process.env, NODE: process.execPath, MAIN };
    const { stdout } = await execute('sh', ['-ec', `${programs}\n${remedy}`], { env });
    await verify(stdout.trimEnd());
  });

  it('calls standard input so where that holds no key, as it does elsewhere', async () => {
    const file = join(folder, 'no-key.json');
    writeFileSync(file, JSON.stringify(wireJwt(BY_NAME)));
    const { code, err } = await runCommand(signCommand, ['-f', file, '--key', '-'], { input: 'x' });
    assert.equal(code, 1);
    assert.match(err, /no-key\.json: JWT my-jwt: standard input: /);
  });

  it('quotes printed commands for a shell, as names in a file can be any text', async () => {
    const { err } = await sign([wireJwt({ key: { secret: { name: '$(reboot)', key: "it's" } } })]);
    assert.match(err, /kubectl get secret '\$\(reboot\)' -n science -o 'jsonpath=\{\.data\.it'\\''s\}' \|/);
  });

  it('gives the warnings of the webhook, and warns of fields without a meaning', async () => {
    const data = { ...wireJwt().spec.data, scope: ['storage.read:/'] };
    const { code, out, err } = await withKey(wireJwt({ ...BY_NAME, data, keyID: 'x' }));
    assert.equal(code, 0);
    await verify(out.trimEnd());
    assert.match(err, /^warning: standard input: JWT my-jwt: spec\.data\.scope is not a string/m);
    assert.match(err, /^warning: .*spec\.keyID is not a field of a JWT and is ignored$/m);
  });

  const refused: Readonly<Record<string, readonly [Record<string, unknown>, RegExp]>> = {
    'a renewal that comes later than the expiry': [
      { resignBefore: { days: 2 } },
      /must be shorter than spec\.expiryTime/,
    ],
    'an integer that JSON changes': [{ data: { uid: 2 ** 60 } }, /spec\.data\.uid .*write it as a string/],
    'claims that no token has room for': [
      { data: { note: 'x'.repeat(50_000) } },
      /the token would take 67\d{3} bytes, at most 65536 are allowed/,
    ],
    'a label for the Secret that YAML reads as a boolean': [
      { secretTemplate: { labels: { team: true } } },
      /spec\.secretTemplate\.labels: the value of team must be a string: put it in quotes/,
    ],
    'more labels for the Secret than are allowed': [
      { secretTemplate: { labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, ''])) } },
      /spec\.secretTemplate\.labels has 65 entries: at most 64 are allowed/,
    ],
    'a namespace whose name is too long': [
      { key: { secret: { name: 'my-key', key: 'key.pem', namespace: 'n'.repeat(64) } } },
      /spec\.key\.secret\.namespace has more than 63 characters/,
    ],
    'a key in the Secret that the token would be written to': [
      OWN_NAME,
      /names Secret my-jwt, where the token of this JWT would be written/,
    ],
  };
  for (const [title, [spec, says]] of Object.entries(refused)) {
    it(`refuses a spec that the API server refuses: ${title}`, async () => {
      const { code, out, err } = await withKey(wireJwt(spec));
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, says);
    });
  }

  it('ends with 1 without a JWT in the file, with 2 without -f, with 3 without the key file', async () => {
    const none = await withKey({ apiVersion: 'v1', kind: 'Pod' });
    assert.equal(none.code, 1);
    assert.match(none.err, /^error: standard input contains no JWT \(kind: JWT\)$/m);
    const nothing = await runCommand(signCommand, []);
    assert.equal(nothing.code, 2);
    assert.match(nothing.err, /-f FILE is missing/);
    const missing = await sign([wireJwt(BY_NAME)], '--key', join(folder, 'nowhere'));
    assert.deepEqual([missing.code, missing.out], [3, '']);
  });
});
