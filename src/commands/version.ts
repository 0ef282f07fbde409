import { readFile } from 'node:fs/promises';
import { stringMember } from '../resources/json.ts';
import { EXIT, type Command } from './io.ts';

/** The package's version; it stands beside the sources as well as beside the compiled files. */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const manifest: unknown = JSON.parse(text);
  return stringMember(manifest, 'version') ?? 'unknown';
}

export const versionCommand: Command = async (args, io) => {
  const [first] = args;
  if (first !== undefined && first !== '--help') {
    io.stderr.write(`error: version takes no arguments, not "${first}"\n`);
    return EXIT.usage;
  }
  io.stdout.write(`jwt-injector ${await readVersion()} (Node ${process.versions.node})\n`);
  return EXIT.done;
};
