/** POSIX normalisation of a container path; a relative one is taken from `/`, as container runtimes do. No link is followed. */
export function normalisePath(path: string): string {
  if (isNormal(path)) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A part that is empty, or could be `.` or `..`; or a slash at the end. */
const SUSPICIOUS = /\/(?:[/.]|$)/;

// Nearly all paths are: no parts are made for them.
function isNormal(path: string): boolean {
  return path === '/' || (path.startsWith('/') && !SUSPICIOUS.test(path));
}

/** Both normalised; a path is within itself. */
export function isWithin(directory: string, path: string): boolean {
  if (directory === '/' || path === directory) return true;
  return path.startsWith(directory) && path[directory.length] === '/';
}

export function joinPath(directory: string, file: string): string {
  return directory === '/' ? `/${file}` : `${directory}/${file}`;
}

/** Kubernetes expands `$(NAME)` in the values of env vars, and `$$` to `$`. */
export function escapeEnvValue(path: string): string {
  return path.includes('$') ? path.replaceAll('$', '$$$$') : path;
}

/** The reverse of `escapeEnvValue`; references to other variables stay as they are. */
export function unescapeEnvValue(value: string): string {
  return value.replaceAll('$$', '$');
}
