import closeWithGrace from 'close-with-grace';
import { parseConfig } from '../config/config.ts';
import { environmentName, RUN_FLAGS } from '../config/run-flags.ts';
import { createLogger, type LoggerOptions } from '../telemetry/logger.ts';
import type { Io } from './io.ts';
import { formatHelp } from './make-command.ts';
import { withMessageLines } from './message-lines.ts';
import { startService } from '../service/start-service.ts';
import { PACKAGE_VERSION } from '../package-version.ts';
import { EXIT, type Command, type ExitCode } from './command.ts';

const HELP = formatHelp({
  usage: ['run [flags]'],
  description: 'Serves the admission webhook and keeps tokens fresh, until it receives SIGTERM or SIGINT.',
  flags: RUN_FLAGS,
  examples: [
    'run',
    'run --no-webhook --kubeconfig=admin.kubeconfig --lease-namespace=default',
    'run --no-controller --no-namespace-default --tls-cert-file=tls.crt --tls-key-file=tls.key',
    'run --namespaces=biology,physics --tls-cert-file=tls.crt --tls-key-file=tls.key',
    'run --max-lifetime=24h --forbid-inline-keys',
  ],
  notes: `Each flag can also be set by an environment variable, such as ${environmentName('webhook-address')}; flags win.
An empty value leaves the default: so --workers= hides the variable of that flag.
Exit code 2: wrong usage or settings, all of them named; 3: a port, a file or the cluster cannot be used.`,
});

/** A pod has 30 s to end (terminationGracePeriodSeconds): five of them remain when something hangs. */
const FORCED_EXIT_MS = 25_000;

/**
 * A fault in native code. A handler of JavaScript never runs: Node's returns to the instruction that failed, so the process
 * would use a whole core and never end, deaf to SIGTERM, with its ports open (nodejs.org/api/process.html, "Signal events").
 */
const FAULTS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

/** `jwt-injector run`: the service, until a signal ends it. Resolves early only when it cannot start. */
export const runCommand: Command = Object.assign(run, { offers: { flags: RUN_FLAGS } });

async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const { stderr } = withMessageLines(io);
  // Wherever it stands: no flag has a value of that form.
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout.write(HELP);
    return EXIT.done;
  }
  const config = parseConfig(args, process.env);
  if (!config.ok) {
    for (const problem of config.problem) stderr.write(`error: ${problem}\n`);
    return EXIT.usage;
  }
  const log = createLogger({ level: config.value.logLevel, ...(await findFormat(io.stdout)) });
  log.info({ version: PACKAGE_VERSION, node: process.versions.node }, 'starting');
  const starting = startService(config.value, log);
  const options = { delay: FORCED_EXIT_MS, logger: log, skip: [...FAULTS] };
  const grace = closeWithGrace(options, async (cause) => {
    const isBug = 'err' in cause; // whatever was thrown, also undefined or null
    if (isBug) log.error({ err: cause.err ?? String(cause.err) }, 'internal error: the process ends');
    log.info({ signal: cause.signal }, 'stopping');
    const started = await starting; // soon: no step of it waits for the API server
    if (started.ok) await started.value.stop();
    log.info('stopped');
    if (isBug) process.exit(1); // close-with-grace takes undefined and null for a clean end
  });
  const service = await starting;
  // Never resolved: the process ends by a signal, and close-with-grace sets its exit code.
  if (service.ok) return new Promise(() => {});
  grace.uninstall(); // it would also stop what ends by itself
  stderr.write(`error: ${service.problem}\n`);
  return EXIT.outside;
}

async function findFormat({ isTTY }: Io['stdout']): Promise<Pick<LoggerOptions, 'format'>> {
  if (isTTY !== true) return {};
  const { createTerminalFormat } = await import('../telemetry/terminal-lines.ts');
  return { format: createTerminalFormat() };
}
