import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportJwt } from '../../../src/commands/explain/jwt-report.ts';
import { lintJwt } from '../../../src/signing/lint.ts';
import { makeJwt, wireJwt } from '../../fixtures/jwts.ts';
import { NOW } from '../../fixtures/observed.ts';

const warningsOf = (spec: Record<string, unknown>): readonly string[] => {
  const common = { keyReference: undefined, seen: undefined, read: undefined, forbidden: [] };
  return reportJwt({ jwt: makeJwt(spec), ...common }, NOW).warnings;
};

describe('the warnings of explain about a JWT of the cluster', () => {
  for (const [name, spec] of [
    ['a token that is too large', { data: { sub: 'a', scope: 'storage.read:/', note: 'x'.repeat(4_096) } }],
    ['scopes in commas', { data: { sub: 'a', scope: 'storage.read:/,storage.create:/' } }],
    ['a claim that no token can have', { data: { sub: 'a', number: 2 ** 60 } }],
    ['nothing', {}],
  ] as const) {
    it(`include that of the webhook: ${name}`, async () => {
      const { warnings } = await lintJwt(wireJwt(spec).spec);
      assert.deepEqual(
        warningsOf(spec),
        warnings.map(({ message }) => message),
      );
    });
  }

  it('include the size of the token', () => {
    const data = { sub: 'a', note: 'x'.repeat(4_096) };
    assert.ok(warningsOf({ data }).some((warning) => /^the token takes at least 5\d{3} bytes/.test(warning)));
  });
});
