import manifest from '../../package.json' with { type: 'json' };
import { EXIT, type Command } from './io.ts';

/** The package's version; the bundle holds it as it was when it was made. */
export const VERSION: string = manifest.version;

export const versionCommand: Command = async (args, io) => {
  const [first] = args;
  if (first !== undefined && first !== '--help') {
    io.stderr.write(`error: version takes no arguments, not "${first}"\n`);
    return EXIT.usage;
  }
  io.stdout.write(`jwt-injector ${VERSION} (Node ${process.versions.node})\n`);
  return EXIT.done;
};
