import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { escapeEnvValue, expandEnvValue } from '../../../src/admission/annotations/env-value.ts';
import { shape } from '../shapes.ts';

/** The value of the last variable, which has no name in the list. */
function expand(value: unknown, earlier: readonly (readonly [string, unknown])[] = [], hasEnvFrom = false) {
  const env = [...earlier, ['FILE', value] as const].map(([name, given]) =>
    Object.assign({ name }, typeof given === 'string' ? { value: given } : given),
  );
  return expandEnvValue({ ...shape([]), env, hasEnvFrom }, env.length - 1);
}

describe('the kubelet’s value of', () => {
  const cases: Readonly<Record<string, readonly [found: string | undefined, expected: string | undefined]>> =
    {
      'a plain value is itself': [expand('/a b'), '/a b'],
      'nothing is empty': [expand({}), ''],
      'a dollar that is written twice is one': [expand('/a$$b$$'), '/a$b$'],
      'a reference is what the earlier entry has': [expand('$(A)/token', [['A', '/a']]), '/a/token'],
      'a reference is what the last of the earlier entries has': [
        expand('$(A)', [
          ['A', '/a'],
          ['A', '/b'],
        ]),
        '/b',
      ],
      'a reference to its own name is what an earlier entry has': [
        expand('$(FILE)/x', [['FILE', '/a']]),
        '/a/x',
      ],
      'a reference to a later entry stays': [
        expand('$(B)', [
          ['B', '$(C)'],
          ['C', '/c'],
        ]),
        '$(C)',
      ],
      'a reference within a reference is followed': [
        expand('$(B)/token', [
          ['A', '/a'],
          ['B', '$(A)/b'],
        ]),
        '/a/b/token',
      ],
      'an expanded value is not expanded again': [expand('$(A)', [['A', '$$(B)']]), '$(B)'],
      'an escaped reference stays': [expand('$$(A)', [['A', '/a']]), '$(A)'],
      'a dollar before an escaped one is escaped by it': [expand('$$$(A)', [['A', '/a']]), '$/a'],
      'a reference to nothing stays': [expand('/s/$(A)'), '/s/$(A)'],
      'a reference to an entry without a value is empty': [expand('/s$(A)', [['A', {}]]), '/s'],
      'a reference that is not closed stays': [expand('/s/$(A', [['A', '/a']]), '/s/$(A'],
      'a reference that holds another is a name': [expand('/$($(A)', [['A', '/a']]), '/$($(A)'],
      'dollars alone stay': [expand('$/a$b(c)$'), '$/a$b(c)$'],
      'a source is not known': [expand({ valueFrom: {} }), undefined],
      'a source that is null is empty': [expand({ valueFrom: null }), ''],
      'a value beside a source is the value': [expand({ value: '/a', valueFrom: {} }), '/a'],
      'a reference to a source is not known': [expand('$(A)', [['A', { valueFrom: {} }]]), undefined],
      'a reference to what another object may have is not known': [expand('/$(A)', [], true), undefined],
      'an entry counts before another object': [expand('$(A)', [['A', '/a']], true), '/a'],
      'an escaped dollar is known whatever others have': [expand('/$$(A)', [], true), '/$(A)'],
    };
  for (const [title, [found, expected]] of Object.entries(cases))
    it(title, () => assert.equal(found, expected));

  it('the text is what was escaped', () => {
    assert.equal(escapeEnvValue('/a'), '/a');
    assert.equal(escapeEnvValue('/$(A)/$$'), '/$$(A)/$$$$');
    const paths = fc.array(fc.constantFrom('$', '(A)', '/', 'a')).map((parts) => parts.join(''));
    fc.assert(fc.property(paths, (path) => assert.equal(expand(escapeEnvValue(path), [['A', '/a']]), path)));
  });
});

describe('a value is not known', () => {
  it('that is longer than any path', () => {
    assert.equal(expand('a'.repeat(8190))?.length, 8190);
    assert.equal(expand('a'.repeat(8191)), undefined);
    assert.equal(expand('$(A)$(A)', [['A', 'a'.repeat(4095)]])?.length, 8190);
    assert.equal(expand('$(A)$(A)', [['A', 'a'.repeat(4096)]]), undefined);
  });

  it('that refers to more than 32 others, with those that they refer to', () => {
    assert.equal(expand('$(A)'.repeat(32), [['A', 'a']]), 'a'.repeat(32));
    assert.equal(expand('$(A)'.repeat(33), [['A', 'a']]), undefined);
    const doubling = Array.from(
      { length: 30 },
      (_, index) => [`A${index}`, `$(A${index - 1})`.repeat(2)] as const,
    );
    assert.equal(expand('$(A29)', doubling), undefined);
    const chain = Array.from({ length: 40 }, (_, index) => [`A${index}`, `$(A${index - 1})`] as const);
    assert.equal(expand('$(A31)', chain), undefined);
    assert.equal(expand('$(A30)', chain), '$(A-1)');
  });
});
