import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/resources/json.ts';
import { parseJwtSpec } from '../../../src/resources/jwt.ts';
import { findAdvice, findTokenAdvice } from '../../../src/signing/lint/advice.ts';
import { lintJwt } from '../../../src/signing/lint.ts';
import { claims, spec } from './specs.ts';

function adviceOn(wire: unknown): readonly string[] {
  const parsed = parseJwtSpec(wire);
  assert.ok(parsed.ok);
  const advice = findAdvice(parsed.value);
  for (const { message } of advice) assert.ok(message.length <= 120, `${message.length}: ${message}`);
  return advice.map(({ rule }) => rule);
}

const NOW = 1_800_000_000;
const SHORT = { expiryTime: { hours: 6 }, issuer: 'https://issuer.example.com' };

describe('advice', () => {
  const cases: Readonly<Record<string, { readonly spec: unknown; readonly rules: readonly string[] }>> = {
    'is not given on what cannot be meant otherwise': { spec: spec(SHORT), rules: [] },
    'is given on the NRP page as it stands': {
      spec: spec(),
      rules: ['issuer-trailing-slash', 'lifetime-long'],
    },
    'looks at the issuer that counts': {
      spec: spec({ ...SHORT, data: { iss: 'https://issuer.example.com/' } }),
      rules: ['issuer-trailing-slash'],
    },
    'begins above six hours': {
      spec: spec({ ...SHORT, expiryTime: { hours: 6, minutes: 1 } }),
      rules: ['lifetime-long'],
    },
    'is given on a path in a scope': {
      spec: { ...Object(claims({ scope: 'openid storage.read:/ storage.modify:/vo/data' })), ...SHORT },
      rules: ['scope-path'],
    },
    'is not given on paths of other scopes': {
      spec: { ...Object(claims({ scope: 'storage.read compute.read:/x xstorage.read:/y' })), ...SHORT },
      rules: [],
    },
  };
  for (const [title, { spec: wire, rules }] of Object.entries(cases)) {
    it(title, () => assert.deepEqual(adviceOn(wire), rules));
  }

  it('explains the meaning, and names the remedy', () => {
    const wire = { ...Object(claims({ scope: 'storage.read:/vo/data' })), expiryTime: { days: 1 } };
    const parsed = parseJwtSpec(wire);
    assert.ok(parsed.ok);
    const [slash, lifetime, path] = findAdvice(parsed.value).map(({ message }) => message);
    assert.match(
      slash ?? '',
      /^the issuer ends in "\/": .* publish under both, or remove the slash everywhere$/,
    );
    assert.match(lifetime ?? '', /^spec\.expiryTime is 1 d: WLCG allows 6 h/);
    assert.match(path ?? '', /^spec\.data\.scope: paths start at the base path .*: leave it out$/);
  });

  it('is equal for a token and its JWT, from the claims', () => {
    const signed = { iat: NOW - 60, exp: NOW + 6 * 3_600 };
    const advice = (ofToken: JsonObject): readonly string[] =>
      findTokenAdvice(ofToken).map((message) => message.slice(0, 15));
    assert.deepEqual(advice({ iss: 'https://i.example', ...signed }), []);
    assert.deepEqual(advice({ iss: 'https://i.example/', ...signed }), ['the issuer ends']);
    assert.deepEqual(advice({ ...signed, exp: signed.exp + 60 }), ['spec.expiryTime']);
    assert.deepEqual(advice({ exp: NOW + 86_400 }), [], 'its lifetime is not known');
    assert.deepEqual(advice({ iat: -NOW }), []);
    assert.deepEqual(advice({ iss: 7, scope: 'storage.read:/vo' }), ['spec.data.scope']);
  });

  it('is not a warning: the webhook does not give it', async () => {
    const { warnings } = await lintJwt(spec());
    assert.deepEqual(
      warnings.filter(({ rule }) => adviceOn(spec()).includes(rule)),
      [],
    );
  });
});
