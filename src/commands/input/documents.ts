import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import { arrayMember, isJsonObject, member, type JsonObject } from '../../resources/json.ts';
import { describeFileError } from '../../resources/file-error.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';

/** A file that cannot be used, and the exit code that says so. */
export interface InputProblem {
  readonly exit: ExitCode;
  readonly message: string;
}

/** A file's text, or the standard input's for `-`. */
export async function readText(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<string, InputProblem>> {
  try {
    if (filename !== '-') return ok(await readFile(filename, 'utf8'));
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
    return ok(Buffer.concat(chunks).toString());
  } catch (error) {
    return fail({
      exit: EXIT.outside,
      message: `cannot read ${filename}: ${describeFileError(error)}: check the name`,
    });
  }
}

/** Every Kubernetes object of a YAML or JSON file: its documents, and the items of Lists. */
export async function readDocuments(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<readonly JsonObject[], InputProblem>> {
  const text = await readText(filename, io);
  if (!text.ok) return text;
  const objects: JsonObject[] = [];
  for (const [index, document] of parseAllDocuments(text.value).entries()) {
    const [error] = document.errors;
    if (error !== undefined) {
      const [line] = error.message.split('\n');
      return fail({
        exit: EXIT.refused,
        message: `${filename}, document ${index + 1}: ${line ?? 'not YAML'}`,
      });
    }
    const object: unknown = document.toJS();
    if (!isJsonObject(object)) continue;
    if (member(object, 'kind') === 'List') objects.push(...arrayMember(object, 'items').filter(isJsonObject));
    else objects.push(object);
  }
  return ok(objects);
}
