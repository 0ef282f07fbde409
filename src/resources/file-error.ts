/** Why a file could not be read or written, in words, from what Node throws. */
export function describeFileError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'ENOSPC') return 'no space is left';
  if (code === 'EDQUOT') return 'the quota is used up';
  if (code === 'EFBIG') return 'the file is too large';
  return typeof code === 'string' ? code : 'it cannot be read';
}
