import { styleText } from 'node:util';
import type { HostileResult } from './observe.ts';

const TITLE_WIDTH = 72;

export const HEADER = `${'attack'.padEnd(TITLE_WIDTH)}  peak MiB  longest answer (plain)    late  verdict`;

/** One line, and one more for each harm. */
export function renderRow(result: HostileResult): string {
  const { title, peakMiB, longestMs, longestPlainMs, latestMs, answers, harms } = result;
  const cut = title.length > TITLE_WIDTH ? `${title.slice(0, TITLE_WIDTH - 1)}…` : title.padEnd(TITLE_WIDTH);
  const times = `${longestMs} (${longestPlainMs}) ms`.padStart(22);
  const late = `${(latestMs / 1000).toFixed(1)} s`.padStart(6);
  const verdict = harms.length === 0 ? 'held' : styleText('red', 'HARMED');
  const details = harms.map((harm) => styleText('red', `    ${harm}`));
  return [
    `${cut}  ${String(peakMiB).padStart(8)}  ${times}  ${late}  ${verdict}; ${answers}`,
    ...details,
  ].join('\n');
}

export function renderSummary(results: readonly HostileResult[], minutes: string): string {
  const harmed = results.filter(({ harms }) => harms.length > 0).length;
  const peak = Math.max(...results.map(({ peakMiB }) => peakMiB));
  const longest = Math.max(...results.map(({ longestMs }) => longestMs));
  const latest = Math.max(...results.map(({ latestMs }) => latestMs));
  const text = `${results.length} rows, ${harmed} harmed; peak ${peak} MiB, longest answer ${longest} ms, renewals at most ${(latest / 1000).toFixed(1)} s late, in ${minutes} min`;
  return styleText(harmed === 0 ? 'green' : 'red', text);
}
