import type { ReadResult } from '../cluster/read-result.ts';

/** One line of what `doctor` found, as `-o json` prints it. */
export interface Finding {
  /** A stable word: the name of the check. */
  readonly check: string;
  /** `unknown`: the caller is not allowed to look, or it could not be read. */
  readonly result: 'ok' | 'problem' | 'unknown';
  /** One line for people. */
  readonly message: string;
  /** The remedy, often a command. Every problem has one. */
  readonly remedy?: string;
}

/** The result of a check; its name is added later. */
export type Judgement = Omit<Finding, 'check'>;

/** All is as it should be. */
export function well(message: string): Judgement {
  return { result: 'ok', message };
}

/** Something is wrong; `remedy` is what helps. */
export function problem(message: string, remedy: string): Judgement {
  return { result: 'problem', message, remedy };
}

/** It could not be found out; that alone is not a failure. */
export function unknown(message: string): Judgement {
  return { result: 'unknown', message };
}

/** Problems if there are any, else that all is well. */
export function wellUnless(problems: readonly Judgement[], message: string): readonly Judgement[] {
  return problems.length === 0 ? [well(message)] : problems;
}

/** Judges an object that was found; one that is absent by `absent`; one that was not read is unknown. */
export function judge<T>(
  reading: ReadResult<T>,
  absent: Judgement,
  found: (value: T) => readonly Judgement[],
): readonly Judgement[] {
  switch (reading.state) {
    case 'found':
      return found(reading.value);
    case 'absent':
      return [absent];
    case 'unread':
      return [unknown(reading.why)];
    default:
      return reading satisfies never;
  }
}
