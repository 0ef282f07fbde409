import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Runs a program to its end, and gives its output. If its exit code is not 0, rejects with the output in the
 * error.
 */
export const execute = promisify(execFile);
