import { fail, ok, type Result } from '../resources/result.ts';
import { describeCertificates } from './certs/certificate-lines.ts';
import { reportCertificates } from './certs/certificate-report.ts';
import {
  INSTALLATION_FLAGS,
  readInstallationOptions,
  type InstallationOptions,
} from './installation/installation-flags.ts';
import type { FlagValues } from './parse-flags.ts';
import { printProblems } from './print-problems.ts';
import type { Io } from './io.ts';
import { unexpectedArgument } from './input/given-words.ts';
import { makeCommand } from './make-command.ts';
import { printReport } from './output/report-output.ts';
import { EXIT, type ExitCode } from './command.ts';

const FLAGS = {
  alone: { type: 'boolean', help: 'trust: nothing else is trusted any more' },
  keep: { type: 'boolean', help: 'trust: caBundle stays when the manifests no longer set it' },
  ...INSTALLATION_FLAGS,
} as const;

/** `jwt-injector certs` and `jwt-injector certs trust`. */
export const certsCommand = makeCommand({
  usage: ['certs [-n NS] [-o json|yaml]', 'certs trust FILE [--alone] [--keep]'],
  description: `Shows the certificate of the webhook and its authorities, as they are in the Secret and in caBundle of the webhook
configurations: who issued them, until when they are valid, when they are renewed, and whether the API server
trusts what is served. Never shows a private key. Changes nothing.
trust: puts the certificates of a file (PEM; - is the standard input) into caBundle of every entry, beside what is there, so that the API
       server trusts a certificate of theirs before it is served. Expired certificates are removed. With --keep, caBundle stays as it
       is when Helm, or what else applied it, no longer sets it.`,
  flags: FLAGS,
  examples: ['certs', 'certs trust ca.crt', 'certs trust ca.crt --alone'],
  notes: `It uses your own rights, and says what you are not allowed to look at; trust takes the right to read and patch the two
webhook configurations. Exit code 0: no problem was found; 1: a problem was found, or the file is not usable;
2: wrong usage; 3: the API server did not answer, or refused.`,
  takesWords: true,
  offers: { words: ['trust'] },
  readOptions,
  run: (options, io) =>
    options.file === undefined ? showCertificates(options, io) : trust(options, options.file, io),
});

interface Options extends InstallationOptions {
  /** The file that `trust` reads. */
  readonly file: string | undefined;
  readonly isAlone: boolean;
  readonly isKept: boolean;
}

function readOptions(values: FlagValues<typeof FLAGS>, words: readonly string[]): Result<Options, string> {
  const [verb, file, ...more] = words;
  const [isAlone, isKept] = [values.alone === true, values.keep === true];
  const options = readInstallationOptions(values);
  if (!options.ok) return options;
  if (verb === undefined && isAlone) return fail('--alone is a flag of certs trust');
  if (verb === undefined && isKept) return fail('--keep is a flag of certs trust');
  if (verb === undefined) return ok({ ...options.value, file, isAlone, isKept });
  if (verb !== 'trust') return fail(unexpectedArgument([verb], 'certs takes no word except trust'));
  if (file === undefined || file === '')
    return fail('certs trust needs a file with certificates, for example ca.crt');
  if (more.length > 0) return fail(unexpectedArgument(more, 'certs trust takes one file'));
  if (values.output !== undefined || values.namespace !== undefined)
    return fail('-o and -n are flags of certs without trust: remove them');
  return ok({ ...options.value, file, isAlone, isKept });
}

async function showCertificates({ place, namespace, output }: Options, io: Io): Promise<ExitCode> {
  const { withCluster } = await import('./cluster/connect.ts');
  const { gatherCertificates } = await import('./installation/gather-certificates.ts');
  return withCluster(place, io, async (access) => {
    await access.client.version(); // what it refuses after that is part of the report
    const report = reportCertificates(await gatherCertificates(access, namespace));
    printReport(io, output, report, describeCertificates);
    return report.findings.some(({ result }) => result === 'problem') ? EXIT.refused : EXIT.done;
  });
}

async function trust({ place, isAlone, isKept }: Options, file: string, io: Io): Promise<ExitCode> {
  const { readText } = await import('./input/read-text.ts');
  const { readAuthorities } = await import('./certs/read-authorities.ts');
  const now = Date.now();
  const text = await readText(file, io);
  const authorities = text.ok ? readAuthorities(text.value, file, now) : text;
  if (!authorities.ok) return printProblems([authorities.problem], io);
  const { withCluster } = await import('./cluster/connect.ts');
  const { addTrust } = await import('./certs/add-trust.ts');
  return withCluster(place, io, (access) =>
    addTrust(access, { authorities: authorities.value, isAlone, isKept, now }, io),
  );
}
