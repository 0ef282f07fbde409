import closeWithGrace from 'close-with-grace';
import { environmentName, parseConfig, RUN_OPTIONS } from '../config.ts';
import { createLogger } from '../telemetry/logger.ts';
import { EXIT, type Command } from './io.ts';
import { startService } from '../service/start-service.ts';
import { VERSION } from '../version.ts';

/** A pod has 30 s to end (terminationGracePeriodSeconds); the last five are for what hangs. */
const FORCED_EXIT_MS = 25_000;

/** `jwt-injector run`: the service, until a signal ends it. Resolves early only when it cannot start. */
export const runCommand: Command = async (args, io) => {
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout.write(describeFlags());
    return EXIT.done;
  }
  const config = parseConfig(args, process.env);
  if (!config.ok) {
    for (const problem of config.problem) io.stderr.write(`error: ${problem}\n`);
    return EXIT.usage;
  }
  const log = createLogger({ level: config.value.logLevel, human: io.stdout.isTTY === true });
  log.info({ version: VERSION, node: process.versions.node }, 'starting');
  const service = await startService(config.value, log);
  if (!service.ok) {
    io.stderr.write(`error: ${service.problem}\n`);
    return EXIT.outside;
  }
  return new Promise(() => {
    // Never resolved: the process ends by a signal, and close-with-grace sets its exit code.
    closeWithGrace({ delay: FORCED_EXIT_MS, logger: log }, async ({ signal, err }) => {
      log.info({ signal, ...(err === undefined ? {} : { err }) }, 'stopping');
      await service.value.stop();
      log.info('stopped');
    });
  });
};

function describeFlags(): string {
  const lines = Object.entries(RUN_OPTIONS).map(([name, option]) => {
    const flag = option.type === 'string' ? `--${name}=…` : `--${name}`;
    const otherwise = 'default' in option ? ` (default ${option.default})` : '';
    return `  ${flag.padEnd(26)} ${option.help}${otherwise}\n`;
  });
  return `Usage: jwt-injector run [flags]

Serves the admission webhook and keeps tokens fresh, until SIGTERM or SIGINT.

${lines.join('')}
Each flag has a twin in the environment, for example ${environmentName('webhook-address')}; flags win.
`;
}
