import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { closestTokenName, volumeName } from '../../../src/admission/annotations/token-name.ts';
import { isObjectName } from '../../../src/resources/object-name.ts';

describe('the name of a token', () => {
  const MAX_LENGTH_NAME = 'x'.repeat(253);
  const cases: Readonly<Record<string, string | undefined>> = {
    My_JWT: 'my-jwt',
    'a / b': 'a-b',
    'a..b': 'a.b',
    'a-.-b': 'a.b',
    'a--.b': 'a.b',
    'a.--b': 'a.b',
    '--a': 'a',
    '.a.': 'a',
    'a--': 'a',
    ééé: undefined,
    '...': undefined,
    [`${MAX_LENGTH_NAME}yy`]: MAX_LENGTH_NAME,
    [`${'x'.repeat(252)}-y`]: 'x'.repeat(252),
    [`${'_'.repeat(1_012)}a`]: undefined,
    [`${'_'.repeat(1_011)}a`]: 'a',
  };
  for (const [name, closest] of Object.entries(cases))
    it(`that is closest to "${name.slice(0, 20)}" is ${closest?.slice(0, 20) ?? 'none'}`, () =>
      assert.equal(closestTokenName(name), closest));

  it('that is closest is a valid name, and a valid name is the closest to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'B', '1', '-', '.', '_', ' ', 'é') }), (text) => {
        const closest = closestTokenName(text);
        assert.ok(closest === undefined || isObjectName(closest));
        if (isObjectName(text)) assert.equal(closest, text);
      }),
    );
  });
});

describe('the volume of a token', () => {
  const cases: Readonly<Record<string, string>> = {
    'my-jwt': 'jwt-my-jwt',
    ['x'.repeat(59)]: `jwt-${'x'.repeat(59)}`,
    ['x'.repeat(60)]: `jwt-${'x'.repeat(40)}-42f2d973`,
    'a.b': 'jwt-a-b-2e7336dc',
    [`a.b.${'c'.repeat(60)}`]: `jwt-a-b-${'c'.repeat(36)}-`,
  };
  for (const [token, name] of Object.entries(cases)) {
    it(`"${token.slice(0, 20)}" has a name that is a label, the same in every pod`, () => {
      assert.ok(volumeName(token).startsWith(name), volumeName(token));
      assert.match(volumeName(token), /^[a-z0-9][-a-z0-9]{0,61}[a-z0-9]$/);
    });
  }
});
