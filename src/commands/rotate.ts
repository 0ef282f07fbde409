import { fail, ok, type Result } from '../resources/result.ts';
import { isNewKeyAlgorithm } from '../signing/generate-key.ts';
import { formatDuration } from '../time/format-time.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import { withCluster } from './cluster/connect.ts';
import { flagWords, keyNamespaceWords } from './cluster/command-printer.ts';
import { CLUSTER_FLAGS, KEY_NAMESPACE_FLAG, type ConnectFlags } from './cluster/connect-flags.ts';
import { readDurationFlag, type FlagValues } from './parse-flags.ts';
import { readJwtName } from './input/jwt-name.ts';
import { nameFileAgain } from './input/read-text.ts';
import { makeCommand } from './make-command.ts';
import { printProblems } from './print-problems.ts';
import { OUTPUT_FLAG, readOutputFormat } from './output/report-output.ts';
import { MIN_WAIT } from './rotate/next-step.ts';
import type { RotateOptions } from './rotate/take-step.ts';
import { RotationWalk } from './rotate/walk.ts';
import { FETCH_FLAGS, readFetchTimeout, readTrust } from './issuer/fetch-flags.ts';

const FLAGS = {
  dir: { type: 'string', value: 'DIR', help: 'writes what is to be published there, as jwks does' },
  wait: {
    type: 'string',
    value: 'DURATION',
    help: 'how long both keys are published before the new one signs; WLCG asks for 6h\n(default 15m, or what an earlier run of this rotation was given)',
  },
  'no-wait': { type: 'boolean', help: 'do what can be done now; run it again later' },
  force: {
    type: 'boolean',
    help: 'do not wait until verifiers know the new key: they refuse the new tokens until\nthey fetch the keys again; once it signs, do not wait for tokens and other JWTs\nthat need the old key',
  },
  algorithm: { type: 'string', value: 'ALG', help: "ES256 or RS256; the JWT's own by default" },
  ...FETCH_FLAGS,
  ...KEY_NAMESPACE_FLAG,
  ...OUTPUT_FLAG,
  ...CLUSTER_FLAGS,
} as const;

/** `jwt-injector rotate`. */
export const rotateCommand = makeCommand({
  usage: ['rotate NAME [-n NS] [--dir DIR] [--wait 15m] [--no-wait] [--force]'],
  description: `Replaces the key of a JWT without a refused token:

1. makes a new key, in a Secret of its own
2. prints what must be published, or writes it (--dir), and waits until both keys are seen at every URL
3. waits until every verifier has fetched them
4. changes keyId and key of the JWT in one patch, and waits for the first token
5. says when the old key can be removed: its last token has expired, and no other JWT needs it

It can be interrupted at any time: its progress is kept in an annotation of the JWT, and the next run continues.`,
  flags: FLAGS,
  examples: [
    'rotate my-jwt -n science --dir site/',
    'rotate my-jwt -n science --no-wait',
    'rotate my-jwt --wait 6h',
  ],
  notes: `You need the rights to get and patch JWTs, and to get and create Secrets, in the namespace; and to list JWTs in all
namespaces, if it is to find others that sign with the same key. Exit code 0: the new key signs; 1: a step is not
over (--no-wait), or cannot be taken; 2: wrong usage; 3: the cluster refused, or no token is signed.`,
  takesWords: true,
  offers: { namesJwts: true },
  readOptions,
  run: async (options, io) => {
    const trust = await readTrust(options.caFile, io);
    if (!trust.ok) return printProblems([trust.problem], io);
    const fetching = { trust: trust.value, timeout: options.timeout, environment: process.env };
    return withCluster(options.flags, io, (access) =>
      new RotationWalk({ access, options, fetching, io }).run(),
    );
  },
});

interface Options extends RotateOptions {
  readonly flags: ConnectFlags;
  readonly caFile: string | undefined;
  readonly timeout: Milliseconds;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const name = readJwtName(words, 'rotate');
  if (!name.ok) return name;
  const { algorithm, dir, force = false, 'no-wait': noWait = false, 'ca-file': caFile, ...rest } = values;
  if (algorithm !== undefined && !isNewKeyAlgorithm(algorithm))
    return fail(`--algorithm must be ES256 or RS256, which OSDF's verifiers accept, not "${algorithm}"`);
  const wait = rest.wait === undefined ? ok(undefined) : readDurationFlag('wait', rest.wait, '15m or 6h');
  if (!wait.ok) return wait;
  if (wait.value !== undefined && toSeconds(wait.value) < MIN_WAIT && !force)
    return fail(
      `--wait ${rest.wait} is shorter than ${formatDuration(MIN_WAIT)}, for which verifiers keep old keys: make it longer, or add --force`,
    );
  const timeout = readFetchTimeout(rest);
  if (!timeout.ok) return timeout;
  const output = readOutputFormat(rest.output);
  if (!output.ok) return output;
  const { kubeconfig, context, namespace, 'legacy-key-namespace': legacyKeyNamespace } = rest;
  const flags = { kubeconfig, context, namespace };
  return ok({
    name: name.value,
    algorithm,
    dir,
    wait: wait.value === undefined ? undefined : toSeconds(wait.value),
    noWait,
    force,
    legacyKeyNamespace,
    readingFlags: [
      ...keyNamespaceWords(legacyKeyNamespace),
      ...flagWords('ca-file', caFile === undefined ? undefined : nameFileAgain(caFile)),
      ...flagWords('timeout', rest.timeout === FETCH_FLAGS.timeout.default ? undefined : rest.timeout),
    ],
    caFile,
    timeout: timeout.value,
    flags,
    output: output.value,
  });
}
