import { REFRESHED_WITHIN } from '../resources/kubelet.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { withCluster } from './cluster/connect.ts';
import { CLUSTER_FLAGS, type ConnectFlags } from './cluster/connect-flags.ts';
import { readDurationFlag, type FlagValues } from './parse-flags.ts';
import { readJwtName } from './input/jwt-name.ts';
import { makeCommand } from './make-command.ts';
import { OUTPUT_FLAG, readOutputFormat } from './output/report-output.ts';
import { MAX_NUDGED_PODS } from './renew/nudge-pods.ts';
import { renewToken, type RenewOptions } from './renew/renew-token.ts';

const FLAGS = {
  timeout: { type: 'string', default: '30s', value: 'DURATION', help: 'how long to wait' },
  'no-wait': { type: 'boolean', help: 'do not wait' },
  prompt: { type: 'boolean', help: 'update the token in the pods that mount it within seconds' },
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
} as const;

/** `jwt-injector renew`. */
export const renewCommand = makeCommand({
  usage: ['renew NAME [-n NS] [--timeout 30s] [--no-wait | --prompt] [-o json|yaml]'],
  description: `Requests a new token now, before it is due, and waits until it is signed. The old token stays valid
until it expires; pods see the new one within ${REFRESHED_WITHIN} s, with --prompt within a second or two: an annotation on
them has the kubelet look.`,
  flags: FLAGS,
  examples: ['renew my-jwt -n science', 'renew my-jwt --prompt', 'renew my-jwt --no-wait -o json'],
  notes: `All of a namespace at once, or with -A of all namespaces, kubectl can ask for:
  kubectl annotate jwts --all -n science --overwrite tokens.osg-htc.org/renew="$(date)"

You need the rights to get and patch the JWT, and for --prompt to list and patch pods (the roles edit and admin
have them). Exit code 1: the JWT does not exist, or no token can be signed; 2: wrong usage; 3: the cluster
refused, jwt-injector is not running, or more than ${MAX_NUDGED_PODS} pods mount the token and --prompt reached no more.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: (options, io) => withCluster(options.flags, io, (access) => renewToken(access, options, io)),
});

interface Options extends RenewOptions {
  readonly flags: ConnectFlags;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const name = readJwtName(words, 'renew');
  if (!name.ok) return name;
  const timeout = readDurationFlag('timeout', values.timeout, '30s or 2m');
  if (!timeout.ok) return timeout;
  if (values.prompt === true && values['no-wait'] === true)
    return fail('--prompt comes after the new token, for which --no-wait does not wait: remove one of them');
  const output = readOutputFormat(values.output);
  if (!output.ok) return output;
  const isWaiting = values['no-wait'] !== true;
  return ok({
    name: name.value,
    timeout: isWaiting ? timeout.value : undefined,
    isPrompt: values.prompt === true,
    output: output.value,
    flags: values,
  });
}
