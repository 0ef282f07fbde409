import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTokens, splitList } from '../../../src/admission/annotations/token-list.ts';
import { KEYS } from '../pods.ts';

describe('the tokens of a pod', () => {
  const taken: Readonly<
    Record<
      string,
      readonly [value: string | undefined, byDefault: string | undefined, tokens: readonly string[]]
    >
  > = {
    'are those of its annotation': ['a, b ,c', undefined, ['a', 'b', 'c']],
    'are those of its annotation, whatever its namespace says': ['a', 'b', ['a']],
    'are what its namespace says': [undefined, 'b', ['b']],
    'are absent where nobody names one': [undefined, undefined, []],
    'are up to 32': [
      Array.from({ length: 32 }, (_, index) => `t${index}`).join(),
      undefined,
      Array.from({ length: 32 }, (_, index) => `t${index}`),
    ],
  };
  for (const [title, [value, byDefault, tokens]] of Object.entries(taken)) {
    it(title, () =>
      assert.deepEqual(readTokens(value, byDefault), { ok: true, value: tokens, warnings: [] }),
    );
  }

  it('are each injected once, with a warning about the first that is named twice', () => {
    assert.deepEqual(readTokens('a,b,c,b,a', undefined), {
      ok: true,
      value: ['a', 'b', 'c'],
      warnings: [
        { kind: 'duplicateToken', text: `annotation ${KEYS.token} names "b" twice: it is injected once` },
      ],
    });
  });

  it('have a warning about each mistake in their list', () => {
    const { warnings } = readTokens('a,,a', undefined);
    assert.deepEqual(
      warnings.map(({ kind }) => kind),
      ['emptyItem', 'duplicateToken'],
    );
  });

  const refused: Readonly<
    Record<
      string,
      readonly [value: string | undefined, byDefault: string | undefined, what: string, remedy: string]
    >
  > = {
    'a name that is not valid': [
      'a,B_c',
      undefined,
      `annotation ${KEYS.token}: "B_c" is not a valid token name`,
      'the closest valid one is "b-c"',
    ],
    'a name of which nothing is left': [
      'é',
      undefined,
      `annotation ${KEYS.token}: "é" is not a valid token name`,
      'use lower case letters, digits, "-" and "."',
    ],
    'another annotation, taken for a name as kubectl run does not split at commas': [
      'a,tokens.osg-htc.org/mount-path=/var/x',
      undefined,
      `annotation ${KEYS.token}: "tokens.osg-htc.org/mount-path=/var/x" is not a valid token name`,
      'if it is another annotation, give each one separately (kubectl run: an --annotations for each)',
    ],
    'a default that is not valid': [
      undefined,
      'My',
      'label tokens.osg-htc.org/token of the namespace: "My" is not a valid token name',
      `the closest valid one is "my", or annotate the pod with ${KEYS.inject}: "false"`,
    ],
    'more than 32': [
      Array.from({ length: 33 }, (_, index) => `T${index}`).join(),
      undefined,
      `annotation ${KEYS.token} names 33 tokens`,
      'name at most 32',
    ],
  };
  for (const [title, [value, byDefault, what, remedy]] of Object.entries(refused)) {
    it(`are not ${title}`, () =>
      assert.deepEqual(readTokens(value, byDefault), { ok: false, problem: { what, remedy }, warnings: [] }));
  }
});

it('a list is divided by commas, and its empty items are ignored with a warning', () => {
  assert.deepEqual(splitList('k', 'a'), { items: ['a'], warnings: [] });
  assert.deepEqual(splitList('k', 'a b, c\t,d'), { items: ['a b', 'c', 'd'], warnings: [] });
  for (const list of [',a,b', 'a,,b', 'a,b, '])
    assert.deepEqual(splitList('k', list), {
      items: ['a', 'b'],
      warnings: [{ kind: 'emptyItem', text: 'annotation k has an empty item: it is ignored' }],
    });
});
