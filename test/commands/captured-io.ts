import { PassThrough, Readable } from 'node:stream';
import { stringify } from 'yaml';
import type { Command } from '../../src/commands/command.ts';

/** How a command ended, with all its output. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command with this standard input. With `terminal`, its standard output is a terminal. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  { input = '', terminal = false }: { readonly input?: string | Buffer; readonly terminal?: boolean } = {},
): Promise<CommandResult> {
  const err: string[] = [];
  const getColorDepth = (): number => (process.env['NO_COLOR'] === undefined ? 8 : 1); // as tty.WriteStream
  const stdout = Object.assign(new PassThrough(), { isTTY: terminal, getColorDepth });
  const stderr = { write: (text: string) => err.push(text) };
  const code = await command(args, { stdin: Readable.from([input]), stdout, stderr });
  stdout.end();
  const out = Buffer.concat(await stdout.toArray()).toString();
  return { code, out, err: err.join('') };
}

/** Runs a command with `-f -`; the text is its standard input. */
export function runOnText(
  command: Command,
  text: string | Buffer,
  ...more: readonly string[]
): Promise<CommandResult> {
  return runCommand(command, ['-f', '-', ...more], { input: text });
}

/** Runs a command on these objects, as documents of one file. */
export function runOnObjects(
  command: Command,
  objects: readonly unknown[],
  ...more: readonly string[]
): Promise<CommandResult> {
  return runOnText(command, objects.map((object) => stringify(object)).join('---\n'), ...more);
}

/** Removes the kubeconfig of the test from the commands in a text: its path differs in each run. */
export function withoutKubeconfig(text: string, kubeconfig: string): string {
  return text.replaceAll(` --kubeconfig=${kubeconfig}`, '');
}
