import { describeFileError } from '../../resources/file-error.ts';
import { member } from '../../resources/json.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** Why a file could not be written, from what Node throws after its folder was made, if that was possible. */
export function writeProblem(path: string, error: unknown): CommandProblem {
  const why =
    member(error, 'code') === 'ENOENT'
      ? 'there is no folder for it, and none can be made there'
      : describeFileError(error);
  return { exit: EXIT.outside, message: `cannot write ${path}: ${why}` };
}
