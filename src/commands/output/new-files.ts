import { open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { member } from '../../resources/json.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { EXIT, type CommandProblem } from '../command.ts';
import { makeFolder } from './make-folder.ts';
import { writeProblem } from './write-problem.ts';

/** A file to be made. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Permission bits; those that the process's umask takes away are missing then. */
  readonly mode: number;
}

/** Makes all of the files, and their folders, or none of them: one that exists is a problem, and stays as it is. */
export async function writeNewFiles(files: readonly NewFile[]): Promise<Result<undefined, CommandProblem>> {
  const made: string[] = [];
  for (const { path, text, mode } of files) {
    try {
      await makeFolder(dirname(path));
      const file = await open(path, 'wx', mode);
      made.push(path);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await Promise.all(made.map((name) => unlink(name)));
      return fail(describeWriteError(path, error));
    }
  }
  return ok(undefined);
}

function describeWriteError(path: string, error: unknown): CommandProblem {
  return member(error, 'code') === 'EEXIST'
    ? { exit: EXIT.refused, message: `${path} exists and is not overwritten: choose another name or --dir` }
    : writeProblem(path, error);
}
