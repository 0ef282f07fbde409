import { PACKAGE_VERSION } from '../package-version.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, printReport, readOutputFormat } from './output/report-output.ts';
import { EXIT } from './command.ts';

/** `jwt-injector version`. */
export const versionCommand = makeCommand({
  usage: ['version [-o json|yaml]'],
  description: 'Prints the version of jwt-injector, and of the Node that runs it.',
  flags: OUTPUT_FLAG,
  examples: ['version', 'version -o json'],
  readOptions: ({ output }) => readOutputFormat(output),
  run: (format, io) => {
    const report = { version: PACKAGE_VERSION, node: process.versions.node };
    printReport(io, format, report, ({ version, node }) => [`jwt-injector ${version} (Node ${node})`]);
    return EXIT.done;
  },
});
