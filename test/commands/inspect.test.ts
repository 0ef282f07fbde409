import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { inspectCommand } from '../../src/commands/inspect.ts';
import { makeKey } from '../fixtures/keys.ts';
import { runCommand } from './captured-io.ts';

const key = makeKey('ES256');

/**
 * Seconds from now on, by the name of a time claim. Now is the time of signing: the file can have been loaded
 * minutes ago.
 */
type Times = Partial<Record<'iat' | 'nbf' | 'exp', number>>;

async function sign(times: Times, claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const dates = Object.entries(times).map(([name, seconds]) => [name, now + seconds] as const);
  return new SignJWT({ iss: 'https://a.example', sub: 'me', ...claims, ...Object.fromEntries(dates) })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(key);
}

function encode(part: string): string {
  return Buffer.from(part).toString('base64url');
}

describe('inspect', () => {
  let folder: string;
  let token: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-inspect-'));
    token = await sign({ iat: -3600, exp: 3600 });
  });
  after(() => rm(folder, { recursive: true }));
  const inspect = (args: readonly string[], input = '') => runCommand(inspectCommand, args, { input });

  it('shows header, claims and remaining lifetime, but never the signature', async () => {
    const { code, out } = await inspect(['-'], `${token}\n`);
    assert.equal(code, 0);
    assert.match(out, /^Token of standard input: (1 h|\d\d min \d\d s) left \((50|4\d) % of its life\)$/m);
    assert.match(out, /^ {2}kid +k$/m);
    assert.match(out, /^ {2}exp +20.* UTC, in (1 h|\d\d min)/m);
    assert.ok(!out.includes(token.split('.')[2] ?? ''));
  });

  it('reads a token in every usual form', async () => {
    const data = { token: Buffer.from(token).toString('base64') };
    const metadata = { name: 'my-jwt' };
    const forms = [
      token,
      `\n${token}\n\n`,
      `Bearer ${token}\n`,
      JSON.stringify({ access_token: token, token_type: 'Bearer' }),
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, data }),
      `apiVersion: v1\nkind: Secret\nmetadata:\n  name: my-jwt\nstringData:\n  token: ${token}\n`,
    ];
    for (const [index, form] of forms.entries()) {
      const file = join(folder, `form-${index}`);
      await writeFile(file, form);
      const { code, out, err } = await inspect(['-f', file, '-o', 'json']);
      assert.equal(code, 0, err);
      const { claims, bytes, remainingSeconds } = JSON.parse(out);
      assert.deepEqual([claims.sub, bytes], ['me', token.length]);
      assert.ok(remainingSeconds > 3000 && remainingSeconds <= 3600);
      assert.ok(!out.includes(token.split('.')[2] ?? ''));
    }
    for (const words of [[token], [`Bearer ${token}`], ['Bearer', token]])
      assert.equal((await inspect(words)).code, 0, 'as an argument');
  });

  for (const [title, claims, says] of [
    ['expired', { exp: -90 }, /expired \d+ min( \d+ s)? ago/],
    ['not valid yet', { nbf: 600, exp: 3600 }, /not valid yet; (1 h|59 min \d+ s) left/],
    ['without an expiry', {}, /it has no claim exp/],
  ] as const) {
    it(`ends with exit code 1 for a token that is ${title}`, async () => {
      const { code, out } = await inspect(['-'], await sign(claims));
      assert.equal(code, 1);
      assert.match(out, says);
    });
  }

  it('shows no control characters of a hostile token, not even those of our own colours', async () => {
    const { out } = await inspect(['-'], await sign({ exp: 60 }, { sub: '\u001B[32mvalid\u001B[39m' }));
    assert.ok(!out.includes('\u001B'));
  });

  it('counts until the end of the year 9999 for a time without a date', async () => {
    const endless = await sign({}, { exp: Number.MAX_VALUE, iat: -Number.MAX_VALUE, nbf: 0 });
    const { code, out } = await inspect(['-'], endless);
    assert.equal(code, 0);
    assert.match(out, /: 29\d{5} d (\d+ (h|min) )?left \(\d\d % of its life\)$/m);
    assert.match(out, /^ {2}exp +9999-12-31 23:59:59 UTC, in 29\d{5} d/m);
    assert.match(out, /^ {2}iat +1970-01-01 00:00:00 UTC, \d{5} d (\d+ (h|min) )?ago$/m);
    const { remainingSeconds } = JSON.parse((await inspect(['-', '-o', 'json'], endless)).out);
    assert.ok(remainingSeconds < 1e12);
  });

  for (const format of [[], ['-o', 'json'], ['-o', 'yaml']]) {
    it(`shows claims of the greatest depth that can be signed (${format.join(' ')})`, async () => {
      const deep = JSON.parse('['.repeat(500) + ']'.repeat(500)) as unknown;
      const { code, out } = await inspect(['-', ...format], await sign({ exp: 60 }, { deep }));
      assert.equal(code, 0);
      assert.match(out, /\[\]/);
    });
  }

  for (const [title, args, input, exit, says] of [
    [
      'claims that are too deep',
      ['-'],
      `${encode('{"alg":"ES256"}')}.${encode(`{"x":${'['.repeat(22_000)}${']'.repeat(22_000)}}`)}.AA`,
      1,
      /^error: standard input is nested deeper than 500 levels: no token is that deep\n$/,
    ],
    [
      'a header that is too deep',
      ['-'],
      `${encode(`{"alg":"ES256","x":${'['.repeat(3_000)}${']'.repeat(3_000)}}`)}.e30.AA`,
      1,
      /deeper than 500 levels/,
    ],
    ['nothing', [], '', 2, /a token is missing/],
    ['two', ['jwt', 'a', 'b'], '', 2, /unexpected argument "b"/],
    ['a file and a name', ['x', '-f', 'y'], '', 2, /use one of them/],
    [
      'two Secrets',
      ['-'],
      '{"kind":"List","items":[{"kind":"Secret"},{"kind":"Secret"}]}',
      1,
      /more than one Secret/,
    ],
    [
      'a Secret without a token',
      ['-'],
      '{"kind":"Secret","metadata":{"name":"a"},"data":{}}',
      1,
      /Secret a has no data key "token"/,
    ],
    ['a token without end', ['-'], `eyJ${'a'.repeat(100_000)}.e30.AA`, 1, /more than 65536 characters/],
    ['no cluster', ['x', '--kubeconfig', '/nowhere'], '', 3, /cannot read kubeconfig/],
  ] as const) {
    it(`ends with exit code ${exit} for ${title}`, async () => {
      const { code, out, err } = await inspect(args, input);
      assert.deepEqual([code, out], [exit, '']);
      assert.match(err, says);
    });
  }
});
