/** The longest path of Linux: PATH_MAX less the byte that ends it. */
const MAX_PATH_BYTES = 4095;
/** The longest name of a file or directory: NAME_MAX. */
const MAX_PART_BYTES = 255;
/** The most bytes that one UTF-16 unit takes in UTF-8. */
const MAX_UNIT_BYTES = 3;

/**
 * POSIX normalisation of a container path; a relative one starts at `/`, as for container runtimes. No link is followed. A path
 * that is too long for Linux is not taken apart, which would cost many times its bytes: it stays one that `lengthFault` names.
 */
export function normalisePath(path: string): string {
  if (isNormal(path)) return path;
  if (path.length > MAX_PATH_BYTES) return path.startsWith('/') ? path : `/${path}`;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A part that is empty, or could be `.` or `..`. */
const SUSPICIOUS = /\/[/.]/;

// Nearly all paths are normal: they are not split.
function isNormal(path: string): boolean {
  return path === '/' || (path.startsWith('/') && !path.endsWith('/') && !SUSPICIOUS.test(path));
}

/** `===` compares bytes by the word, `startsWith` one at a time: 60 times as slowly for a path of 3 KB. */
const LONG_PATH = 100;

/** Both normalised; a path is within itself. */
export function isWithin(directory: string, path: string): boolean {
  const { length } = directory;
  if (directory === '/' || path === directory) return true;
  if (path[length] !== '/') return false;
  return length < LONG_PATH ? path.startsWith(directory) : path.slice(0, length) === directory;
}

/** The path of a file. `directory` is normalised, `file` relative and clean. */
export function joinPath(directory: string, file: string): string {
  return directory === '/' ? `/${file}` : `${directory}/${file}`;
}

/** Why no file can have the path, in words that go after it (`has 5000 bytes`); `undefined` for a possible length. */
export function lengthFault(path: string): string | undefined {
  if (path.length * MAX_UNIT_BYTES <= MAX_PART_BYTES) return undefined; // nearly all paths: nothing is measured
  const fault = joinedFault(path);
  if (fault !== undefined) return fault;
  const longest = longestPart(path);
  return longest > MAX_PART_BYTES ? `has a part of ${longest} bytes` : undefined;
}

/** As `lengthFault`, of a path that was joined of two that have none: no part of it is longer than theirs. */
export function joinedFault(path: string): string | undefined {
  if (path.length * MAX_UNIT_BYTES <= MAX_PATH_BYTES) return undefined;
  const bytes = Buffer.byteLength(path);
  return bytes > MAX_PATH_BYTES ? `has ${bytes} bytes` : undefined;
}

/** The bytes of the longest part, if it can have more than `MAX_PART_BYTES`; otherwise 0. One look at each character. */
function longestPart(path: string): number {
  let longest = 0;
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    if ((end - start) * MAX_UNIT_BYTES > MAX_PART_BYTES)
      longest = Math.max(longest, Buffer.byteLength(path.slice(start, end)));
    start = end + 1;
  }
  return longest;
}

/** The remedy where `lengthFault` finds one. */
export const SHORTER_PATH = `use a path of at most ${MAX_PATH_BYTES} bytes, in parts of at most ${MAX_PART_BYTES}`;
