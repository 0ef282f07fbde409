import { PassThrough, Readable } from 'node:stream';
import type { Command } from '../../src/commands/command.ts';

/** How a command ended, with all it printed. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command with that standard input; with `terminal`, its standard output says that a person looks at it. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  { input = '', terminal = false }: { readonly input?: string | Buffer; readonly terminal?: boolean } = {},
): Promise<Outcome> {
  const err: string[] = [];
  const getColorDepth = (): number => (process.env['NO_COLOR'] === undefined ? 8 : 1); // as tty.WriteStream
  const stdout = Object.assign(new PassThrough(), { isTTY: terminal, getColorDepth });
  const stderr = { write: (text: string) => err.push(text) };
  const code = await command(args, { stdin: Readable.from([input]), stdout, stderr });
  stdout.end();
  const out = Buffer.concat(await stdout.toArray()).toString();
  return { code, out, err: err.join('') };
}

/** The commands in a text without the kubeconfig of the test, which they are printed with: its path is another one in each run. */
export function withoutKubeconfig(text: string, kubeconfig: string): string {
  return text.replaceAll(` --kubeconfig=${kubeconfig}`, '');
}
