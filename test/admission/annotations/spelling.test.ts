import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { closest } from '../../../src/admission/annotations/spelling.ts';

const KNOWN = ['token', 'inject', 'containers', 'skip-containers', 'mount-path', 'env-var', 'file-mode'];

describe('the closest known word', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    token: 'token',
    tokens: 'token',
    Token: 'token',
    TOKEN: 'token',
    oken: 'token',
    tiken: 'token',
    toekn: 'token',
    otken: 'token',
    tkoen: 'token',
    tokeen: 'token',
    container: 'containers',
    skipContainers: 'skip-containers',
    mount_path: 'mount-path',
    'mount path': 'mount-path',
    'mount.path': 'mount-path',
    filemode: 'file-mode',
    'envv-ar': 'env-var',
    injetc: 'inject',
    'e-n-v-v-a-r': 'env-var',
    mode: undefined,
    tika: undefined,
    koten: undefined,
    '': undefined,
  };
  for (const [word, expected] of Object.entries(cases))
    it(`of "${word}" is ${expected ?? 'none'}`, () => assert.equal(closest(word, KNOWN), expected));

  it('is the nearest of several, and the first of two at the same distance', () => {
    assert.equal(closest('abcdef', ['abcdxx', 'abcdex', 'abcdey']), 'abcdex');
    assert.equal(closest('abcdef', ['abcdey', 'abcdex']), 'abcdey');
  });

  it('is not found if only one of two letters moved', () => {
    for (const other of ['bc', 'ca']) assert.equal(closest('ab', [other]), undefined, other);
    assert.equal(closest('ab', ['ba']), 'ba');
  });

  it('can differ in a third of the letters, or in one of a short word', () => {
    assert.equal(closest('abcdefghi', ['abcdefxyz']), 'abcdefxyz');
    assert.equal(closest('abcdefgh', ['abcdexyz']), undefined);
    assert.equal(closest('a', ['b']), 'b');
    assert.equal(closest('ab', ['cd']), undefined);
    assert.equal(closest('abcd', ['abcdefgh'.slice(0, 6)]), 'abcdef');
  });

  it('is searched for among 200 words of up to 64 letters, for a word of up to 64', () => {
    const long = 'x'.repeat(64);
    assert.equal(closest(long, [long]), long);
    assert.equal(closest(`${long}x`, [long]), undefined);
    assert.equal(closest(long, [`${long}x`, 'x'.repeat(63)]), 'x'.repeat(63));
    const others = (count: number): string[] => Array.from({ length: count }, () => 'other');
    assert.equal(closest('token', [...others(199), 'token']), 'token');
    assert.equal(closest('token', [...others(200), 'token']), undefined);
  });
});
