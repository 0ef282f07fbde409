import { randomInt } from 'node:crypto';
import { withoutControls } from '../../resources/without-controls.ts';

const ESCAPE = '\u001B';
/** How many characters make a mark that nobody guesses: there are 6,400 for each. */
const MARK_LENGTH = 8;
/**
 * Stands for the escape character of our own styles until a line is printed: private-use characters of Unicode, which each
 * process chooses at random. So a text from a cluster or a file cannot hold it, and whatever it holds is not a style of ours.
 */
const MARK = Array.from({ length: MARK_LENGTH }, choosePrivateCharacter).join('');
const OWN_STYLE = new RegExp(String.raw`${MARK}\[\d+m`, 'g');

function choosePrivateCharacter(): string {
  return String.fromCharCode(randomInt(0xe000, 0xf900));
}

/** The marks of `styleText` before and after a text, to be put around any text; `printable` turns them into a style again. */
export function markStyle(sequence: string): string {
  return sequence.replaceAll(ESCAPE, MARK);
}

/** The line as a terminal may get it: with our own styles, and without any other control character. */
export function printable(line: string): string {
  return withoutControls(line).replaceAll(MARK, ESCAPE).trimEnd();
}

/** How many columns the text takes, as far as each character takes one. */
export function widthOf(text: string): number {
  return Array.from(text.replaceAll(OWN_STYLE, '')).length;
}
