import { hideSecrets } from '../resources/hide-secrets.ts';
import { withoutControls } from '../resources/without-controls.ts';
import type { Io } from './io.ts';

/** A message as one line, whatever is in it, without what was pasted by mistake: in CI, it stays in a log. */
export function messageLine(text: string): string {
  return withoutControls(hideSecrets(text));
}

/**
 * As the one given, but what is written to standard error at once is one line, whatever is in it: names and messages come from
 * files and clusters, and might control a terminal or look like another message.
 */
export function withMessageLines(io: Io): Io {
  const { stderr } = io;
  return {
    // Looked up when it is used: only then Node opens it.
    get stdin() {
      return io.stdin;
    },
    stdout: io.stdout,
    stderr: { write: (text) => stderr.write(`${messageLine(text.replace(/\n$/, ''))}\n`) },
  };
}
