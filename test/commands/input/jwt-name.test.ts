import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command } from '../../../src/commands/command.ts';
import { explainCommand } from '../../../src/commands/explain.ts';
import { inspectCommand } from '../../../src/commands/inspect.ts';
import { jwksCommand } from '../../../src/commands/jwks.ts';
import { renewCommand } from '../../../src/commands/renew.ts';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { statusCommand } from '../../../src/commands/status.ts';
import { verifyCommand } from '../../../src/commands/verify.ts';
import { runCommand } from '../captured-io.ts';
import { startStoredApi } from '../stored-api.ts';

const BY_NAME: Readonly<Record<string, Command>> = {
  inspect: inspectCommand,
  jwks: jwksCommand,
  renew: renewCommand,
  rotate: rotateCommand,
  status: statusCommand,
  verify: verifyCommand,
};
const VERBS: Readonly<Record<string, Command>> = { ...BY_NAME, explain: explainCommand };

const encode = (text: string): string => Buffer.from(text).toString('base64url');

/** Kinds as kubectl accepts them, and as it prints them with `-o name`. */
const KINDS = ['jwt', 'jwts', 'JWT', 'jwts.tokens.osg-htc.org', 'jwt.tokens.osg-htc.org'] as const;

describe('the name of a JWT', () => {
  for (const [verb, command] of Object.entries(VERBS)) {
    it(`is read in each form that kubectl uses: ${verb}`, async () => {
      await using api = await startStoredApi();
      const forms = KINDS.flatMap((kind) => [[kind, 'my-jwt'], [`${kind}/my-jwt`]]);
      for (const words of command === explainCommand ? forms : [['my-jwt'], ...forms]) {
        const { out, err } = await api.run(command, ...words, '-n', 'science');
        assert.match(`${out}${err}`, /no JWT "?my-jwt\b/, words.join(' '));
        assert.doesNotMatch(`${out}${err}`, /no JWT "?jwts?\b/i, words.join(' '));
      }
    });
  }

  for (const [verb, command] of Object.entries(BY_NAME)) {
    it(`is missing in an argument of another kind, or without a name: ${verb}`, async () => {
      for (const [words, says] of [
        [
          ['pod/my-pod'],
          /"pod\/my-pod" is not a JWT: use NAME or jwt\/NAME|"pod" has no token: use jwt NAME/,
        ],
        [['jwt/'], /the name of a JWT is missing/],
        [['jwt', ''], /the name of a JWT is missing/],
        [['jwt/a/b'], /unexpected argument "b"|"jwt\/a\/b" is not a JWT/],
      ] as const) {
        const { code, out, err } = await runCommand(command, words);
        assert.deepEqual([code, out], [2, ''], words.join(' '));
        assert.match(err, says);
      }
    });
  }

  const token = `${encode('{"alg":"ES256"}')}.e30.c2lnbmF0dXJl`;
  const pasted: Readonly<Record<string, readonly string[]>> = {
    'a token': [token],
    'a token with its scheme': [`Bearer ${token}`],
    'a token and its scheme': ['bearer', token],
    'a token whose header is on several lines': [`${encode('{\n  "alg": "ES256"}')}.e30.c2lnbmF0dXJl`],
    'an encrypted token': [`${token}.YQ.YWI`],
    'a token that was cut': [token.slice(0, 15)],
    'a token after the kind': ['jwt', token],
    'a token after the kind and a slash': [`jwt/${token}`],
    'a token as a Secret': ['secret', token],
    'a token with a break in it': [token.slice(0, 15), token.slice(15)],
    'a token with a break in its signature': [token.slice(0, -5), token.slice(-5)],
    'a token on three lines': [token.slice(0, 15), token.slice(15, 30), token.slice(30)],
    'a token and another word': ['x', 'y', token],
    'a token before a slash': [`${token}/x`],
    'a path': ['jwt', '..'],
  };
  for (const [verb, command] of Object.entries(VERBS)) {
    for (const [what, words] of Object.entries(pasted)) {
      it(`is not ${what}, and no request is sent: ${verb}`, async () => {
        await using api = await startStoredApi();
        const { code, err } = await api.run(command, ...words, '-n', 'science');
        assert.ok(code === 0 || code === 1 || code === 2);
        assert.deepEqual(api.requests, []);
        for (const part of words.join(' ').split(/[ /]/)) {
          if (/[A-Z]{2}|\.\./.test(part)) assert.ok(!err.includes(part), err);
        }
      });
    }
  }

  it('can begin like a token, and have as many dots', async () => {
    await using api = await startStoredApi();
    for (const name of ['eyes.prod.v1', 'ewok.prod.v1', 'eyes']) {
      const { code, err } = await api.run(inspectCommand, name, '-n', 'science');
      assert.equal(code, 1);
      assert.match(err, new RegExp(`no JWT "?${name}\\b`));
    }
  });

  it('can be given for several, with the kind before each or before all', async () => {
    await using api = await startStoredApi();
    for (const words of [
      ['a', 'jwt/b'],
      ['jwt', 'a', 'b'],
    ]) {
      const { out, err } = await api.run(statusCommand, ...words, '-n', 'science');
      assert.match(
        `${out}${err}`,
        /no JWT "?a\b[^]*no JWT "?b\b|no JWT[^\n]*\ba\b[^\n]*\bb\b/,
        words.join(' '),
      );
      assert.doesNotMatch(`${out}${err}`, /no JWT "?jwt\b/);
    }
  });
});
