/** A program and its words, as `spawn` takes them. */
export type CommandLine = [file: string, args: string[]];

/** Runs a program in a network namespace, by its path; in ours without one. The pid is the program's: nsenter becomes it. */
export function inNetwork(network: string | undefined, file: string, args: readonly string[]): CommandLine {
  return network === undefined ? [file, [...args]] : ['nsenter', [`--net=${network}`, file, ...args]];
}
