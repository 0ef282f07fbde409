/** A program and its arguments, as `spawn` takes them. */
export type CommandLine = [file: string, args: string[]];

/**
 * Runs a program in the network namespace at this path, or in ours without a path. The pid is that of the
 * program, as nsenter replaces itself by it.
 */
export function inNetwork(network: string | undefined, file: string, args: readonly string[]): CommandLine {
  return network === undefined ? [file, [...args]] : ['nsenter', [`--net=${network}`, file, ...args]];
}
