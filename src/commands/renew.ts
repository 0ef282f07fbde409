import { parseArgs } from 'node:util';
import { parseGoDuration } from '../config.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { withCluster } from './cluster/connect.ts';
import { CONNECT_HELP, CONNECT_OPTIONS, type ConnectFlags } from './cluster/connect-flags.ts';
import { makeCommand } from './make-command.ts';
import { renewToken } from './renew/renew-token.ts';
import { OUTPUT_OPTION, readOutputFormat, type OutputFormat } from './output/table-output.ts';

const HELP = `Usage: jwt-injector renew NAME [-n NS] [--timeout 30s] [--no-wait] [-o json|yaml]

Asks for a new token now, before its time, and waits until it is signed. The old one stays valid
until it expires; pods see the new one within about a minute and a half.

      --timeout 30s     how long to wait
      --no-wait         only ask
  -o, --output FORMAT   json or yaml, for scripts
${CONNECT_HELP}

Needs the right to patch the JWT (the roles edit and admin have it). Exit code 1: there is no such
JWT, or it cannot be signed; 2: wrong usage; 3: the cluster refused, or jwt-injector does not run.
`;

const TIMEOUT = '30s';

/** `jwt-injector renew`. */
export const renewCommand = makeCommand({
  help: HELP,
  readOptions,
  run: (options, io) => withCluster(options.flags, io, (access) => renewToken(access, options, io)),
});

interface Options {
  readonly name: string;
  /** Milliseconds; `undefined` when it is not waited for. */
  readonly timeout: number | undefined;
  readonly output: OutputFormat;
  readonly flags: ConnectFlags;
}

function readOptions(args: readonly string[]): Result<Options | 'help', string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        timeout: { type: 'string' },
        'no-wait': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        ...OUTPUT_OPTION,
        ...CONNECT_OPTIONS,
      },
    });
    if (values.help === true) return ok('help');
    const { timeout: text = TIMEOUT, 'no-wait': noWait, output: format, ...flags } = values;
    const [word = '', ...more] = positionals;
    const name = word.replace(/^jwts?\//, '');
    if (name === '') return fail('the name of a JWT is missing');
    if (more.length > 0) return fail(`"${more.join(' ')}" is too much: renew one JWT at a time`);
    const timeout = parseGoDuration(text);
    if (timeout === undefined) return fail(`--timeout must be a duration such as 30s or 2m, not "${text}"`);
    const output = readOutputFormat(format);
    if (!output.ok) return output;
    return ok({ name, timeout: noWait === true ? undefined : timeout, output: output.value, flags });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
