import { toSeconds, type Seconds } from '../../time/units.ts';
import { ok, type Result } from '../../resources/result.ts';
import type { KeyEntry } from '../../signing/issuer/key-set.ts';
import type { ConnectFlags } from '../cluster/connect-flags.ts';
import type { Io } from '../io.ts';
import { printProblems } from '../print-problems.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import { publishFound, type PublicationOptions } from '../issuer/publish-found.ts';
import { describePublication } from '../issuer/publication-lines.ts';
import type { Publication } from '../issuer/publication-report.ts';
import type { IssuerKeys } from '../issuer/keys-of-jwt.ts';
import { keyOfPem, keysOfFiles } from './keys-of-files.ts';
import { EXIT, type CommandProblem, type ExitCode } from '../command.ts';

/** The options of `jwks`. */
export interface JwksOptions extends PublicationOptions {
  readonly names: readonly string[];
  readonly filenames: readonly string[];
  /** Files of private keys. */
  readonly keys: readonly string[];
  readonly kid: string | undefined;
  readonly flags: ConnectFlags;
  readonly output: OutputFormat;
}

/** `jwt-injector jwks`. */
export async function publishKeys(options: JwksOptions, io: Io): Promise<ExitCode> {
  const now = toSeconds(Date.now());
  const given = await gatherFiles(options, io, now);
  if (!given.ok) return printProblems([given.problem], io);
  const { names, everywhere, flags } = options;
  if (names.length === 0 && !everywhere) return publish(given.value);
  const { withCluster } = await import('../cluster/connect.ts');
  const { keysOfCluster } = await import('../issuer/keys-of-cluster.ts');
  return withCluster(flags, io, async (access) => {
    const live = await keysOfCluster(access, options, now);
    return live.ok ? publish([...live.value, ...given.value]) : printProblems([live.problem], io);
  });

  async function publish(found: readonly IssuerKeys[]): Promise<ExitCode> {
    const made = await publishFound(found, options, now);
    if (!made.ok) return printProblems([made.problem], io);
    for (const warning of made.value.warnings) io.stderr.write(`warning: ${warning}\n`);
    const { output } = options;
    printReport<Publication>(io, output, made.value.publication, describePublication);
    return EXIT.done;
  }
}

async function gatherFiles(
  { keys, kid, filenames }: JwksOptions,
  io: Io,
  now: Seconds,
): Promise<Result<readonly IssuerKeys[], CommandProblem>> {
  const entries: KeyEntry[] = [];
  for (const filename of keys) {
    const entry = await keyOfPem(filename, kid, io);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  const byKey = entries.length === 0 ? [] : [{ issuer: undefined, entries }];
  if (filenames.length === 0) return ok(byKey);
  const found = await keysOfFiles(filenames, entries, io, now);
  return found.ok ? ok([...found.value, ...byKey]) : found;
}
