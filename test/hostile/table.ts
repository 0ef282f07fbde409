import { styleText } from 'node:util';
import type { HostileResult } from './observe.ts';

const TITLE_WIDTH = 72;

export const HEADER = `${'attack'.padEnd(TITLE_WIDTH)}  peak MiB  longest answer (plain)  verdict`;

/** One line, and one more for each harm. */
export function renderRow(result: HostileResult): string {
  const { title, peakMiB, longestMs, longestPlainMs, answers, harms } = result;
  const cut = title.length > TITLE_WIDTH ? `${title.slice(0, TITLE_WIDTH - 1)}…` : title.padEnd(TITLE_WIDTH);
  const times = `${longestMs} (${longestPlainMs}) ms`.padStart(22);
  const verdict = harms.length === 0 ? 'held' : styleText('red', 'HARMED');
  const details = harms.map((harm) => styleText('red', `    ${harm}`));
  return [`${cut}  ${String(peakMiB).padStart(8)}  ${times}  ${verdict}; ${answers}`, ...details].join('\n');
}

export function renderSummary(results: readonly HostileResult[], minutes: string): string {
  const harmed = results.filter(({ harms }) => harms.length > 0).length;
  const peak = Math.max(...results.map(({ peakMiB }) => peakMiB));
  const longest = Math.max(...results.map(({ longestMs }) => longestMs));
  const text = `${results.length} rows, ${harmed} harmed; peak ${peak} MiB, longest answer ${longest} ms, in ${minutes} min`;
  return styleText(harmed === 0 ? 'green' : 'red', text);
}
