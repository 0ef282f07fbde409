import { mostUseful } from '../admission/warnings.ts';
import { injectDocument, type OfflineInjection } from './workloads/inject-document.ts';
import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { listObjects, readDefaults, readFileDocuments } from './input/documents.ts';
import { showFilename } from './input/read-text.ts';
import type { EditableDocument } from './yaml/editable-document.ts';
import type { FlagValues } from './parse-flags.ts';
import { makeCommand } from './make-command.ts';
import { findKind } from './workloads/kinds.ts';
import { printProblems } from './print-problems.ts';
import type { Io } from './io.ts';
import { printJson } from './inject/print-json.ts';
import { printYaml } from './inject/print-yaml.ts';
import { EXIT, type ExitCode } from './command.ts';

const FLAGS = {
  filename: {
    type: 'string',
    short: 'f',
    multiple: true,
    isInput: true,
    value: 'FILE',
    help: 'YAML or JSON, also several documents and Lists; - reads standard input;\nmay be given more than once',
  },
  output: {
    type: 'string',
    short: 'o',
    default: 'yaml',
    value: 'FORMAT',
    help: 'yaml, which keeps comments and order, or json',
  },
} as const;

/** `jwt-injector inject`: prints all or nothing, so that a pipe into kubectl never applies a part. */
export const injectCommand = makeCommand({
  usage: ['inject -f FILE [-o yaml|json]'],
  description: `Prints the files with the tokens injected, as the webhook would do it, without a cluster. A pod, or the pod
template of a workload or of any other kind, gets volume, mounts and environment variable. Everything
else stays as it is.`,
  flags: FLAGS,
  examples: [
    'inject -f deployment.yaml',
    'inject -f namespace.yaml -f pod.yaml',
    'inject -f - -o json < pod.json',
  ],
  notes: `The label of a Namespace in the same input is the default of its pods. Warnings go to standard error.
Exit code 1: an object was refused, and nothing is printed; 2: wrong usage; 3: a file could not be read.`,
  readOptions,
  run: injectDocuments,
});

async function injectDocuments(options: Options, io: Io): Promise<ExitCode> {
  const files: InputFile[] = [];
  for (const filename of options.filenames) {
    const documents = await readFileDocuments(filename, io);
    if (!documents.ok) return printProblems([documents.problem], io);
    files.push({ shown: showFilename(filename), documents: documents.value });
  }
  if (!injectFiles(files, io)) return EXIT.refused;
  const documents = files.flatMap((file) => file.documents);
  if (options.output === 'yaml') warnOfComments(files, io);
  io.stdout.write(options.output === 'json' ? printJson(documents) : printYaml(documents));
  return EXIT.done;
}

/** A file that was read, with all of its documents. */
interface InputFile {
  /** Its name in messages. */
  readonly shown: string;
  readonly documents: readonly EditableDocument[];
}

/** Changes the documents in place. False when one was refused; prints every refusal and warning. */
export function injectFiles(files: readonly InputFile[], { stderr }: Pick<Io, 'stderr'>): boolean {
  const documentsOfAll = files.flatMap((file) => file.documents);
  const defaultTokenOf = readDefaults(documentsOfAll.flatMap(listObjects).map(({ object }) => object));
  let refused = false;
  let asked = false;
  for (const { shown, documents } of files) {
    for (const [index, document] of documents.entries()) {
      for (const injection of injectDocument(document, defaultTokenOf)) {
        const where = `${shown}, ${describePlace(index, injection)}`;
        const { decision, message, warnings, reason } = injection.decision;
        for (const warning of mostUseful(warnings)) stderr.write(`warning: ${where}: ${warning}\n`);
        if (decision === 'deny') stderr.write(`error: ${where}: ${message}\n`);
        else if (reason === 'NoContainers') stderr.write(`warning: ${where}: ${message}\n`);
        refused ||= decision === 'deny';
        asked ||= reason !== 'NotRequested' || warnings.length > 0;
        document.addTo(injection.operations);
      }
    }
  }
  if (!asked) {
    const names = files.map(({ shown }) => shown).join(', ');
    stderr.write(
      `note: nothing in ${names} asks for a token: annotate a pod or workload with ${INJECTION_ANNOTATIONS.token}\n`,
    );
  }
  return !refused;
}

function warnOfComments(files: readonly InputFile[], { stderr }: Pick<Io, 'stderr'>): void {
  for (const { shown, documents } of files) {
    for (const [index, document] of documents.entries()) {
      if (!document.losesComments()) continue;
      stderr.write(
        `warning: ${shown}, document ${index + 1}: some of its comments are lost, as it cannot be changed in place: ` +
          'copy what is new into the file by hand\n',
      );
    }
  }
}

function describePlace(document: number, { kind, name, path, template }: OfflineInjection): string {
  const items = path.filter((part) => part !== 'items').map((index) => `, item ${Number(index) + 1}`);
  const where = findKind(kind) === undefined && template.length > 0 ? `, ${template.join('.')}` : '';
  return `document ${document + 1}${items.join('')} (${name === '' ? kind : `${kind} ${name}`}${where})`;
}

interface Options {
  readonly filenames: readonly string[];
  readonly output: 'yaml' | 'json';
}

function readOptions(values: FlagValues<typeof FLAGS>): Result<Options, string> {
  const { filename: filenames = [], output } = values;
  if (output !== 'yaml' && output !== 'json') return fail(`-o must be yaml or json, not "${output}"`);
  if (filenames.length === 0) return fail('-f FILE is missing: it names the file with pods or workloads');
  return ok({ filenames, output });
}
