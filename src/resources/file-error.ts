/** Why a file could not be read or written, in words, from what Node throws. */
export function describeFileError(error: unknown): string {
  if (isFolder(error)) return 'it is a folder';
  const code = codeOf(error);
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ENOSPC') return 'no space is left';
  if (code === 'EDQUOT') return 'the quota is used up';
  if (code === 'EFBIG') return 'the file is too large';
  return typeof code === 'string' ? code : 'it cannot be read';
}

/** Whether it was a folder that was to be read or written as a file. */
export function isFolder(error: unknown): boolean {
  return codeOf(error) === 'EISDIR';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
