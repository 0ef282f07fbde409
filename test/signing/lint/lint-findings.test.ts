import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwtSpec } from '../../../src/resources/jwt.ts';
import { lintJwt, lintSpec } from '../../../src/signing/lint.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { makeKey, toPem } from '../../fixtures/keys.ts';
import { claims, GOOD_DATA, spec } from './specs.ts';
import { WARNINGS } from './warning-cases.ts';

async function messagesOf(wire: unknown): Promise<ReadonlyMap<string, string>> {
  const { refusals, warnings } = await lintJwt(wire);
  assert.deepEqual(refusals, []);
  for (const { message } of warnings) assert.ok(message.length <= 120, `${message.length}: ${message}`);
  return new Map(warnings.map(({ rule, message }) => [rule, message]));
}

async function warningsOf(wire: unknown): Promise<readonly string[]> {
  return [...(await messagesOf(wire)).keys()];
}

for (const [rule, { says, warned, quiet }] of Object.entries(WARNINGS)) {
  describe(`the warning ${rule}`, () => {
    for (const [name, wire] of Object.entries(warned))
      it(`is given for ${name}`, async () => assert.match((await messagesOf(wire)).get(rule) ?? '', says));
    for (const [name, wire] of Object.entries(quiet))
      it(`is not given for ${name}`, async () => assert.ok(!(await warningsOf(wire)).includes(rule)));
  });
}

describe('warnings', () => {
  it('include, for the NRP page’s JWT, only that its key is in the resource', async () => {
    assert.deepEqual(await warningsOf(wireJwt().spec), ['key-in-resource']);
    assert.deepEqual(await warningsOf(spec()), []);
  });

  it('are sorted by use: a leak, then tokens that all refuse, that some refuse, that work badly', async () => {
    const data = {
      scope: ['storage.write', 'storage.create:/,', 'read:/\n'],
      'wlcg.ver': 1,
      ver: '1.0',
      iss: 'http://me:secret@x ',
      exp: 1,
      note: 'x'.repeat(4_000),
    };
    const wire = wireJwt({
      data,
      algorithm: 'ES384',
      key: { value: toPem(makeKey('ES384')) },
      expiryTime: { minutes: 5 },
      resignBefore: { minutes: 2 },
    }).spec;
    const excluded = new Set([
      'audience-no-text',
      'audience-without-any',
      'audience-of-scitokens-1',
      'claim-unknown',
      'scope-missing',
      'scope-misnamed',
      'scope-of-wlcg',
      'profile-of-scitokens',
      'scope-without-storage',
      'scope-path-odd',
    ]);
    const all = Object.keys(WARNINGS).filter((rule) => !excluded.has(rule));
    assert.deepEqual(await warningsOf(wire), all);
  });

  it('of white space in an issuer do not come with one that it is not a URL', async () => {
    assert.deepEqual(await warningsOf(spec({ issuer: 'https://issuer .example' })), ['issuer-white-space']);
  });

  it('of a missing scope give an example in the words that Pelican knows, as that of the profile does', async () => {
    for (const scope of [undefined, ['read:/']])
      for (const ver of ['scitoken:2.0', 'scitokens:1.0', '1.0']) {
        const wire = claims({ 'wlcg.ver': undefined, ver, scope, aud: undefined });
        const messages = await messagesOf(wire);
        const message = messages.get('scope-missing') ?? messages.get('scope-no-text') ?? '';
        assert.match(message, /e\.g\. "storage\.read:\/"$/);
      }
  });

  it('of a spec that was read before are the same, without a look at its key', async () => {
    const wire = spec({ issuer: 'x ', key: { value: 'no key' } });
    const parsed = parseJwtSpec(wire);
    assert.ok(parsed.ok);
    assert.deepEqual(lintSpec(parsed.value), (await lintJwt(wire)).warnings);
  });

  it('about an issuer name its field', async () => {
    const remedies = async (wire: unknown) =>
      [...(await messagesOf(wire))]
        .filter(([rule]) => rule === 'issuer-not-https' || rule === 'issuer-white-space')
        .map(([, message]) => message.replace(/.*(?=correct|remove)/, ''));
    assert.deepEqual(await remedies(spec({ issuer: 'x ' })), [
      'correct spec.issuer',
      'remove it from spec.issuer',
    ]);
    assert.deepEqual(await remedies(claims({ iss: 'x ' })), [
      'correct spec.data.iss',
      'remove it from spec.data.iss',
    ]);
    assert.deepEqual(
      await remedies(spec({ issuer: 'x ', data: { ...GOOD_DATA, iss: 'https://a.example' } })),
      [],
    );
  });

  it('have field, fault and remedy, with the same text for all users', async () => {
    const wire = wireJwt({ data: { ...GOOD_DATA, jti: 'a', exp: 1 }, resignBefore: { minutes: 2 } }).spec;
    const { warnings } = await lintJwt(wire);
    assert.deepEqual(
      warnings.map(({ message }) => message),
      [
        'spec.key.value shows the private key to all who may read JWTs: move it into a Secret, see spec.key.secret',
        'spec.resignBefore is 2 min: pods see a new token up to 90 s late, use 3 min or more',
        'spec.data: exp, jti will be overridden by ours, remove from spec.data',
      ],
    );
  });
});
