import { VERSION } from '../version.ts';
import { EXIT, type Command } from './io.ts';

export const versionCommand: Command = async (args, io) => {
  const [first] = args;
  if (first !== undefined && first !== '--help') {
    io.stderr.write(`error: version takes no arguments, not "${first}"\n`);
    return EXIT.usage;
  }
  io.stdout.write(`jwt-injector ${VERSION} (Node ${process.versions.node})\n`);
  return EXIT.done;
};
