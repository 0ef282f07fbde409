import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/commands/all-commands.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { runCommand } from './captured-io.ts';

describe('the help', () => {
  for (const [verb, { load }] of Object.entries(COMMANDS)) {
    it(`of ${verb} ends with 0, and its examples use flags that exist`, async () => {
      const command = await load();
      const { code, out, err } = await runCommand(command, ['--help']);
      assert.deepEqual([code, err], [0, '']);
      const [, examples = ''] = /^Examples:\n((?: {2}.*\n)+)/m.exec(out) ?? [];
      const calls = examples.trimEnd().split('\n');
      const known = new Set(['help', ...Object.keys(command.offers?.flags ?? {})]);
      for (const call of calls) {
        assert.ok(`${call} `.startsWith(`  jwt-injector ${verb} `), call);
        for (const [, flag = ''] of call.matchAll(/ --([a-z-]+)/g)) assert.ok(known.has(flag), call);
      }
    });
  }
});

describe('a secret that is pasted in the place of something else', () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  // No JSON as its payload, so that nothing asks its issuer.
  const token = `${encode('{"alg":"ES256"}')}.${encode('a payload')}.${'c2lnbmF0dXJl'.repeat(7)}`;
  const key = makeKey('ES256');
  const jwk = key.export({ format: 'jwk' });
  const pem = toPem(key);
  const pasted: readonly (readonly [what: string, text: string, secret: readonly string[]])[] = [
    ['token', token, token.split('.')],
    ['private key', pem, pem.split('\n').slice(1, 3)],
    ['private JWK', JSON.stringify(jwk), [jwk.d ?? '']],
  ];
  /** With it, `run` does not start, whatever else it is given. */
  const NO_START = ['--workers=none'];

  for (const [verb, { load }] of Object.entries(COMMANDS)) {
    for (const [what, text, secret] of pasted) {
      it(`is not on standard error: a ${what} as a word or a value of ${verb}`, async () => {
        const command = await load();
        const flags = Object.entries(command.offers?.flags ?? {}).filter(([, { type }]) => type === 'string');
        const calls = [
          [text],
          ['my-jwt', text],
          [`--${text}`],
          ...flags.map(([name]) => [`--${name}=${text}`]),
        ];
        for (const call of calls) {
          const { err } = await runCommand(command, verb === 'run' ? [...call, ...NO_START] : call);
          const shown = secret.filter((part) => err.toLowerCase().includes(part.toLowerCase()));
          assert.deepEqual(shown, [], `${call.join(' ').slice(0, 20)}…: ${err.split('\n', 1)[0]}`);
        }
      });
    }
  }
});
