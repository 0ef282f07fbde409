/** POSIX normalisation of a container path; a relative one starts at `/`, as for container runtimes. No link is followed. */
export function normalisePath(path: string): string {
  if (isNormal(path)) return path;
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

/** Both normalised; a path is within itself. */
export function isWithin(directory: string, path: string): boolean {
  if (directory === '/' || path === directory) return true;
  return path.startsWith(directory) && path[directory.length] === '/';
}

/** The path of a file. `directory` is normalised, `file` relative and clean. */
export function joinPath(directory: string, file: string): string {
  return directory === '/' ? `/${file}` : `${directory}/${file}`;
}

/** The longest path of Linux: PATH_MAX less the byte that ends it. */
const MAX_PATH_BYTES = 4095;
/** The longest name of a file or directory: NAME_MAX. */
const MAX_PART_BYTES = 255;
/** The most bytes that one UTF-16 unit takes in UTF-8. */
const MAX_UNIT_BYTES = 3;
/** A part of more than 255 bytes has at least 86 units. */
const LONG_PART = /[^/]{86}/;

/** Why no file can have the path, in words that go after it (`has 5000 bytes`); `undefined` for a possible length. */
export function lengthFault(path: string): string | undefined {
  if (path.length * MAX_UNIT_BYTES <= MAX_PART_BYTES) return undefined; // nearly all paths: nothing is measured
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_PATH_BYTES) return `has ${bytes} bytes`;
  if (!LONG_PART.test(path)) return undefined;
  const longest = Math.max(...path.split('/').map((part) => Buffer.byteLength(part)));
  return longest > MAX_PART_BYTES ? `has a part of ${longest} bytes` : undefined;
}

/** As `lengthFault`, of the first of the paths that has one. */
export function findLengthFault(paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const fault = lengthFault(path);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The remedy where `lengthFault` finds one. */
export const SHORTER_PATH = `use a path of at most ${MAX_PATH_BYTES} bytes, in parts of at most ${MAX_PART_BYTES}`;
