import type { SecureContext } from 'node:tls';
import { fail, ok, type Result } from '../../resources/result.ts';
import type { Milliseconds } from '../../time/units.ts';
import { readDurationFlag } from '../parse-flags.ts';
import { readText, showFilename } from '../input/read-text.ts';
import type { Io } from '../io.ts';
import { trustAuthorities } from './fetch-document.ts';
import { EXIT, type CommandProblem } from '../command.ts';

/** How an issuer is asked. */
export const FETCH_FLAGS = {
  'ca-file': {
    type: 'string',
    isInput: true,
    value: 'FILE',
    help: 'certificates (PEM) to trust beside those of the system',
  },
  timeout: { type: 'string', default: '10s', value: 'DURATION', help: 'for each document' },
} as const;

/** The time limit for each document: the value of `--timeout`. The problem is one sentence. */
export function readFetchTimeout({ timeout }: { readonly timeout: string }): Result<Milliseconds, string> {
  return readDurationFlag('timeout', timeout, '10s or 1m');
}

/** Whom to trust, with what is in `--ca-file`. */
export async function readTrust(
  filename: string | undefined,
  io: Pick<Io, 'stdin'>,
): Promise<Result<SecureContext, CommandProblem>> {
  if (filename === undefined) return ok(trustAuthorities(undefined));
  const text = await readText(filename, io);
  if (!text.ok) return text;
  try {
    return ok(trustAuthorities(text.value));
  } catch {
    const message = `${showFilename(filename)} holds no certificate: it must be PEM (-----BEGIN CERTIFICATE-----)`;
    return fail({ exit: EXIT.refused, message });
  }
}
