import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ALGORITHMS } from '../../src/resources/algorithms.ts';
import { lintJwt, type LintRefusal } from '../../src/signing/lint.ts';
import { makeRsaKey, NRP_KEY, someKey, toPem } from '../fixtures/keys.ts';
import { claims, GOOD_DATA, SECRET, spec } from './lint/specs.ts';

async function refusalsOf(wire: unknown, isNew = true): Promise<readonly LintRefusal[]> {
  return (await lintJwt(wire, { isNew })).refusals;
}

describe('a spec is refused, with the reason of the condition, for', () => {
  const rsa1024 = toPem(makeRsaKey(1024));
  const deep = (levels: number): unknown => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
    return value;
  };
  const cases: Readonly<Record<string, readonly [unknown, string, string, RegExp]>> = {
    'no spec': [undefined, 'spec', 'ClaimsInvalid', /^spec is missing/],
    'two key sources': [
      spec({ key: { value: NRP_KEY, ...SECRET } }),
      'spec',
      'KeyUnreadable',
      /^spec\.key must have exactly one source, it has value and secret/,
    ],
    'a lifetime of zero': [
      spec({ expiryTime: { days: 0 } }),
      'spec',
      'ClaimsInvalid',
      /^spec\.expiryTime must be longer than zero: set at least one of days, hours and minutes$/,
    ],
    'a template key of our prefix': [
      spec({ secretTemplate: { annotations: { 'tokens.osg-htc.org/adopt': 'x' } } }),
      'spec',
      'ClaimsInvalid',
      /^spec\.secretTemplate must not set tokens\.osg-htc\.org\/adopt/,
    ],
    'a key that is not valid': [
      spec({ key: { value: 'hello' } }),
      'key',
      'KeyUnreadable',
      /^spec\.key\.value: no PEM block/,
    ],
    'a key of another type': [
      spec({ key: { value: NRP_KEY }, algorithm: 'RS256' }),
      'key',
      'KeyMismatch',
      /^spec\.key\.value: RS256 needs an RSA key of 2048 to 8192 bits, this is an EC key/,
    ],
    'a key that is too short': [
      spec({ key: { value: rsa1024 }, algorithm: 'RS256' }),
      'key',
      'KeyTooShort',
      /^spec\.key\.value: .*2048 to 8192 bits.*1024 bits/,
    ],
    'a key that is too long': [
      spec({ key: { value: '-----BEGIN A-----\n'.repeat(400_000) } }),
      'spec',
      'KeyUnreadable',
      /^spec\.key\.value: the text has more than 16384 characters/,
    ],
    'an integer beyond 2^53': [
      claims({ ids: [1, JSON.parse('9007199254740993')] }),
      'claims',
      'ClaimsInvalid',
      /^spec\.data\.ids\[1\].*write it as a string/,
    ],
    'claims that no token has room for': [
      claims({ note: 'x'.repeat(50_000) }),
      'claims',
      'ClaimsInvalid',
      /^the token would take 67\d{3} bytes, at most 65536 are allowed: make spec\.data smaller$/,
    ],
    'an issuer that is not text': [
      claims({ iss: 7 }),
      'claims',
      'ClaimsInvalid',
      /^spec\.data\.iss must be a string/,
    ],
    'claims that are nested too deep': [
      claims({ deep: deep(100_000) }),
      'spec',
      'ClaimsInvalid',
      /^spec\.data is nested deeper than 500 levels/,
    ],
    'a resignBefore as long as the lifetime': [
      spec({ resignBefore: { days: 1 } }),
      'renewal',
      'RenewalClamped',
      /^spec\.resignBefore \(1 d\) must be shorter than spec\.expiryTime \(1 d\): leave it out/,
    ],
  };
  for (const [name, [wire, rule, reason, says]] of Object.entries(cases)) {
    it(name, async () => {
      const [refusal, ...others] = await refusalsOf(wire);
      assert.deepEqual(others, []);
      assert.deepEqual([refusal?.rule, refusal?.reason], [rule, reason]);
      assert.match(refusal?.message ?? '', says);
    });
  }

  it('all its mistakes at once, the key first', async () => {
    const wire = spec({
      key: { value: 'hello' },
      data: { ...GOOD_DATA, id: 2 ** 60 },
      resignBefore: { days: 2 },
    });
    const found = await lintJwt(wire);
    assert.deepEqual(
      found.refusals.map(({ rule }) => rule),
      ['key', 'claims', 'renewal'],
    );
    assert.deepEqual(
      found.warnings.map(({ rule }) => rule),
      ['key-in-resource'],
    );
  });

  it('none of these limits: a key of any form, the largest exact integer, a stored long resignBefore, 500 levels', async () => {
    for (const algorithm of Object.keys(ALGORITHMS)) {
      const pem = toPem(someKey(algorithm));
      assert.deepEqual(await refusalsOf(spec({ algorithm, key: { value: pem } })), [], algorithm);
    }
    const crlf = NRP_KEY.replaceAll('\n', '\r\n\r\n   ');
    assert.deepEqual(await refusalsOf(spec({ key: { value: crlf } })), []);
    assert.deepEqual(await refusalsOf(claims({ id: 2 ** 53 - 1, part: 1.5 })), []);
    assert.deepEqual(await refusalsOf(spec({ resignBefore: { days: 1 } }), false), []);
    assert.deepEqual(await refusalsOf(claims({ deep: deep(498) })), []);
  });

  it('not a key in a ConfigMap, as in token-manager: that is only a warning', async () => {
    const configMap = { name: 'my-keys', key: 'key.pem' };
    const found = await lintJwt(spec({ key: { configMap } }));
    assert.deepEqual(found.refusals, []);
    assert.deepEqual(
      found.warnings.map(({ rule }) => rule),
      ['config-map-key'],
    );
    assert.match(
      found.warnings[0]?.message ?? '',
      /never read, .* move the key into a Secret, set spec\.key\.secret$/,
    );
    for (const key of [{ configMap, ...SECRET }, { configMap: 'my-keys' }, { configMaps: configMap }]) {
      const { refusals, warnings } = await lintJwt(spec({ key }));
      assert.deepEqual([refusals.map(({ rule }) => rule), warnings], [['spec'], []]);
    }
  });

  it('other mistakes beside a key in a ConfigMap, with all warnings', async () => {
    const key = { configMap: { name: 'my-keys', key: 'key.pem' } };
    const found = async (changes: Record<string, unknown>) => {
      const { refusals, warnings } = await lintJwt(spec({ key, ...changes }));
      return [refusals.map(({ rule }) => rule), warnings.map(({ rule }) => rule)];
    };
    assert.deepEqual(await found({ data: { ...GOOD_DATA, x: 2 ** 60 } }), [['claims'], ['config-map-key']]);
    assert.deepEqual(await found({ resignBefore: { days: 2 } }), [['renewal'], ['config-map-key']]);
    assert.deepEqual(await found({ expiryTime: { hours: 0 } }), [['spec'], ['config-map-key']]);
    assert.deepEqual(await found({ expiryTime: { minutes: 5 }, resignBefore: undefined }), [
      [],
      ['config-map-key', 'lifetime-short'],
    ]);
  });

  it('a broken key, without any part of it in the message', async () => {
    const broken = [NRP_KEY.replace('MHcC', 'AAAA'), NRP_KEY.slice(0, 100), NRP_KEY.replaceAll('-', '')];
    for (const value of broken) {
      const found = await lintJwt(spec({ key: { value } }));
      assert.equal(found.refusals.length, 1);
      assert.doesNotMatch(JSON.stringify(found), /[A-Za-z0-9+/]{20}/);
    }
  });
});

describe('a spec that is forbidden', () => {
  const problem = { reason: 'ClaimsInvalid', message: 'not here' } as const;
  const wire = spec({ key: { value: 'no key' } });

  it('is refused for that alone, and its key is not tried', async () => {
    const tryKey = (): Promise<never> => assert.fail('the key was tried');
    assert.deepEqual(await lintJwt(wire, { forbid: () => problem, tryKey }), {
      refusals: [{ rule: 'forbidden', ...problem }],
      warnings: [],
    });
  });

  it('is refused for what it is, if it cannot be read', async () => {
    const forbid = (): never => assert.fail('an unread spec was judged');
    const { refusals } = await lintJwt({}, { forbid });
    assert.deepEqual(
      refusals.map(({ rule }) => rule),
      ['spec'],
    );
  });
});
