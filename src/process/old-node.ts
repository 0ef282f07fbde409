/** The first version of Node that has all that the program uses. The sources and package.json (`engines`) say the same. */
const FIRST_MAJOR = 24;

/**
 * Says in one line that this Node is too old, and what helps; undefined if it is not.
 * @param version of Node, such as `20.20.2`
 * @param brought the folder of a Node that `npm ci` brought and that is new enough, if there is one
 */
export function describeOldNode(version: string, brought: string | undefined): string | undefined {
  const [major = 0] = version.split('.').map(Number);
  if (major >= FIRST_MAJOR) return undefined;
  const remedy =
    brought === undefined
      ? 'install it (https://nodejs.org), or put it before the other one on your PATH'
      : `npm ci brought a newer one, so type: export PATH="${brought}:$PATH"`;
  return `error: jwt-injector needs Node ${FIRST_MAJOR} or newer, this is ${version}; ${remedy}`;
}
