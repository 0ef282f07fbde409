import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { describeFileError, isFolder } from '../../src/resources/file-error.ts';

function errorOf(path: string): unknown {
  try {
    return readFileSync(path);
  } catch (error) {
    return error;
  }
}

it('the error of a file that cannot be read is described without the path, which the caller has', () => {
  assert.equal(describeFileError(errorOf('no-such-file')), 'there is no such file');
  assert.equal(describeFileError(errorOf('.')), 'it is a folder');
  assert.deepEqual([isFolder(errorOf('.')), isFolder(errorOf('no-such-file'))], [true, false]);
});

// Root is allowed to read everything, and few errors can be caused on purpose: the others are errors as Node
// would throw them.
for (const [error, words] of [
  [Object.assign(new Error('x'), { code: 'EACCES' }), 'permission denied'],
  [Object.assign(new Error('x'), { code: 'ENOSPC' }), 'no space is left'],
  [Object.assign(new Error('x'), { code: 'EDQUOT' }), 'the quota is used up'],
  [Object.assign(new Error('x'), { code: 'EFBIG' }), 'the file is too large'],
  [Object.assign(new Error('x'), { code: 'EMFILE' }), 'EMFILE'],
  [Object.assign(new Error('x'), { code: 7 }), 'it cannot be read'],
  [new Error('ENOENT'), 'it cannot be read'],
  [{ code: 'ENOENT' }, 'it cannot be read'],
  [null, 'it cannot be read'],
] as const) {
  it(`a file is described as "${words}" for ${JSON.stringify(error)}`, () => {
    assert.equal(describeFileError(error), words);
  });
}
