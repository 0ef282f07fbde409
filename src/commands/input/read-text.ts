import { createReadStream } from 'node:fs';
import { describeFileError, isFolder } from '../../resources/file-error.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Io } from '../io.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** Ten times the limit of one object in Kubernetes (etcd's 1.5 MiB); as YAML it needs a hundred times its size in memory. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The name in messages of a file that is named on the command line: `-` is the standard input. */
export function showFilename(filename: string): string {
  return filename === '-' ? 'standard input' : filename;
}

/** A file as a command that is printed names it: what standard input held is gone when that command runs. */
export function nameFileAgain(filename: string): string {
  return filename === '-' ? 'FILE' : filename;
}

/**
 * A file's text, or the standard input's for `-`: UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it. The mark is
 * not part of the text. What is not valid is replaced; the caller finds out.
 */
export async function readText(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<string, CommandProblem>> {
  const bytes = await readBytes(filename, io);
  return bytes.ok ? ok(new TextDecoder(findEncoding(bytes.value)).decode(bytes.value)) : bytes;
}

/** The text of a file of YAML, as `readText`. What is not valid is a problem. */
export async function readYamlText(
  filename: string,
  io: Pick<Io, 'stdin'>,
): Promise<Result<string, CommandProblem>> {
  const bytes = await readBytes(filename, io);
  return bytes.ok ? decodeText(bytes.value, filename) : bytes;
}

async function readBytes(filename: string, io: Pick<Io, 'stdin'>): Promise<Result<Buffer, CommandProblem>> {
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of filename === '-' ? io.stdin : createReadStream(filename)) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      length += bytes.length;
      if (length > MAX_FILE_BYTES) {
        return fail({
          exit: EXIT.refused,
          message: `${showFilename(filename)} has more than ${MAX_FILE_BYTES / 1024 / 1024} MiB: split it`,
        });
      }
    }
    return ok(Buffer.concat(chunks));
  } catch (error) {
    const why = describeFileError(error);
    const remedy = isFolder(error) ? 'name the files in it' : 'check the name';
    return fail({
      exit: EXIT.outside,
      message: `cannot read ${showFilename(filename)}: ${why}: ${remedy}`,
    });
  }
}

function decodeText(bytes: Buffer, filename: string): Result<string, CommandProblem> {
  const encoding = findEncoding(bytes);
  try {
    return ok(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch {
    const message = `${showFilename(filename)} is not valid ${encoding.toUpperCase()} text: save it as UTF-8`;
    return fail({ exit: EXIT.refused, message });
  }
}

function findEncoding(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const mark = bytes.toString('hex', 0, 2);
  if (mark === 'fffe') return 'utf-16le';
  return mark === 'feff' ? 'utf-16be' : 'utf-8';
}
