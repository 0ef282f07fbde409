import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findEphemeralTokens } from '../../src/admission/ephemeral-tokens.ts';
import { VOLUME, type Json } from './pods.ts';

describe('the tokens of ephemeral containers', () => {
  const VALUES = { emptyKeys: [] };
  const volumes = new Map<string, Json>([
    ['jwt-my-jwt', VOLUME],
    ['jwt-ns-jwt', { name: 'jwt-ns-jwt', secret: { secretName: 'ns-jwt' } }],
  ]);

  it('are those of the annotation, even if the namespace has a default', () => {
    const { tokens, missing } = findEphemeralTokens({ ...VALUES, token: 'my-jwt' }, 'ns-jwt', volumes);
    assert.deepEqual([tokens.map(({ name }) => name), missing], [['my-jwt'], []]);
  });

  it('are not mounted at an impossible path', () => {
    const items = [{ key: 'token', path: 'x'.repeat(256) }];
    const long = new Map([['jwt-my-jwt', { ...VOLUME, secret: { secretName: 'my-jwt', items } }]]);
    const { tokens, missing } = findEphemeralTokens({ ...VALUES, token: 'my-jwt' }, undefined, long);
    const what = 'volume "jwt-my-jwt" shows the token at a path that has a part of 256 bytes';
    assert.deepEqual(
      [tokens, missing.map(({ reason, what: text }) => [reason, text])],
      [[], [['TooLarge', what]]],
    );
  });
});
