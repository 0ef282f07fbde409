import { ok } from '../resources/result.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import { EXIT } from './io.ts';
import { makeCommand } from './make-command.ts';

/** `jwt-injector version`. */
export const versionCommand = makeCommand({
  usage: ['version'],
  description: 'Prints the version of jwt-injector, and of the Node that runs it.',
  flags: {},
  readOptions: () => ok(undefined),
  run: (_options, io) => {
    io.stdout.write(`jwt-injector ${PACKAGE_VERSION} (Node ${process.versions.node})\n`);
    return EXIT.done;
  },
});
