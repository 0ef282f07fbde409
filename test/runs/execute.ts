import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a program to its end, and gives what it printed. Rejects, with that in the error, if it ended with something else than 0. */
export const execute = promisify(execFile);
