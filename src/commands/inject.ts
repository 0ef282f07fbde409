import { parseArgs } from 'node:util';
import { injectDocument, type OfflineInjection } from './inject/inject-document.ts';
import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import { listObjects, readDefaults, readFileDocuments } from './input/documents.ts';
import type { EditableDocument } from './input/editable-yaml.ts';
import { makeCommand } from './make-command.ts';
import { findKind } from './explain/kinds.ts';
import { EXIT, type ExitCode, type Io } from './io.ts';
import { printJson } from './output/print-json.ts';

const HELP = `Usage: jwt-injector inject -f FILE [-o yaml|json]

Prints the file with its tokens injected, as the webhook would do it, without a cluster: volume,
mounts and env var of each pod, in workloads, and every other kind that has one, of their pod
template. All else stays as it is.

  -f, --filename FILE   YAML or JSON, also several documents and Lists; - reads the standard input;
                        may be given more than once
  -o, --output FORMAT   yaml (comments and order are kept) or json; default yaml

The labels of Namespaces in the same input are their pods' defaults. Warnings go to the standard
error. Exit code 1: an object was refused and nothing is printed; 2: wrong usage; 3: a file could
not be read.
`;

/** `jwt-injector inject`: prints all or nothing, so that a pipe into kubectl never applies a part. */
export const injectCommand = makeCommand({ help: HELP, readOptions, run: injectDocuments });

async function injectDocuments(options: Options, io: Io): Promise<ExitCode> {
  const files: InputFile[] = [];
  for (const filename of options.filenames) {
    const documents = await readFileDocuments(filename, io);
    if (!documents.ok) {
      io.stderr.write(`error: ${documents.problem.message}\n`);
      return documents.problem.exit;
    }
    files.push({ filename, documents: documents.value });
  }
  if (!injectFiles(files, io)) return EXIT.refused;
  const documents = files.flatMap((file) => file.documents);
  io.stdout.write(options.output === 'json' ? printJson(documents) : printYaml(documents));
  return EXIT.done;
}

export interface InputFile {
  readonly filename: string;
  readonly documents: readonly EditableDocument[];
}

/** Changes the documents in place. False when one was refused; every refusal and warning is told. */
export function injectFiles(files: readonly InputFile[], { stderr }: Pick<Io, 'stderr'>): boolean {
  const documentsOfAll = files.flatMap((file) => file.documents);
  const namespaceDefault = readDefaults(documentsOfAll.flatMap(listObjects).map(({ object }) => object));
  let refused = false;
  let asked = false;
  for (const { filename, documents } of files) {
    for (const [index, document] of documents.entries()) {
      for (const injection of injectDocument(document.value, namespaceDefault, document.written)) {
        const where = `${filename}, ${describePlace(index, injection)}`;
        const { decision, message, warnings, reason } = injection.decision;
        for (const warning of warnings) stderr.write(`warning: ${where}: ${warning}\n`);
        if (decision === 'deny') stderr.write(`error: ${where}: ${message}\n`);
        else if (reason === 'NoContainers') stderr.write(`warning: ${where}: ${message}\n`);
        refused ||= decision === 'deny';
        asked ||= reason !== 'NotRequested' || warnings.length > 0;
        document.addTo(injection.operations);
      }
    }
  }
  if (!asked) {
    const names = files.map(({ filename }) => filename).join(', ');
    stderr.write(
      `note: nothing in ${names} asks for a token: annotate a pod or workload with ${INJECTION_ANNOTATIONS.token}\n`,
    );
  }
  return !refused;
}

function describePlace(document: number, { kind, name, items, template }: OfflineInjection): string {
  const item = items.map((index) => `, item ${index + 1}`).join('');
  const where = findKind(kind) === undefined && template.length > 0 ? `, ${template.join('.')}` : '';
  return `document ${document + 1}${item} (${name === '' ? kind : `${kind} ${name}`}${where})`;
}

/** A document that does not begin with `---` itself gets it, unless it is the first. */
function printYaml(documents: readonly EditableDocument[]): string {
  const texts = documents.map((document) => document.text());
  return texts
    .map((text, index) => (index === 0 || /^(?:#[^\n]*\n|\s)*---/.test(text) ? text : `---\n${text}`))
    .join('');
}

interface Options {
  readonly filenames: readonly string[];
  readonly output: 'yaml' | 'json';
}

function readOptions(args: readonly string[]): Result<Options | 'help', string> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        filename: { type: 'string', short: 'f', multiple: true },
        output: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return ok('help');
    const { filename: filenames = [], output = 'yaml' } = values;
    if (output !== 'yaml' && output !== 'json') return fail(`-o must be yaml or json, not "${output}"`);
    if (filenames.length === 0) return fail('-f FILE is missing: it names the file with pods or workloads');
    return ok({ filenames, output });
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
