import { styleText } from 'node:util';
import type { HostileResult } from './observe.ts';

const TITLE_WIDTH = 72;

export const HEADER = `${'attack'.padEnd(TITLE_WIDTH)}     took  peak MiB  longest answer (plain)    late  verdict`;

/** One line, and one more for each harm and gap. */
export function renderRow(result: HostileResult): string {
  const { title, seconds, peakMiB, longestMs, longestPlainMs, latestMs, answers, harms, gaps } = result;
  const cut = title.length > TITLE_WIDTH ? `${title.slice(0, TITLE_WIDTH - 1)}…` : title.padEnd(TITLE_WIDTH);
  const times = `${longestMs} (${longestPlainMs}) ms`.padStart(22);
  const late = `${(latestMs / 1000).toFixed(1)} s`.padStart(6);
  const details = [
    ...harms.map((harm) => styleText('red', `    ${harm}`)),
    ...gaps.map((gap) => styleText('yellow', `    ${gap}`)),
  ];
  return [
    `${cut}  ${`${seconds} s`.padStart(7)}  ${String(peakMiB).padStart(8)}  ${times}  ${late}  ${renderVerdict(result)}; ${answers}`,
    ...details,
  ].join('\n');
}

/** A row with gaps and without harm might have been harmed, or not. */
function renderVerdict({ harms, gaps }: Pick<HostileResult, 'harms' | 'gaps'>): string {
  if (harms.length > 0) return styleText('red', 'HARMED');
  return gaps.length === 0 ? 'held' : styleText('yellow', 'nothing shown');
}

export function renderSummary(results: readonly HostileResult[], minutes: string): string {
  const harmed = results.filter(({ harms }) => harms.length > 0).length;
  const unshown = results.filter(({ harms, gaps }) => harms.length === 0 && gaps.length > 0).length;
  const peak = Math.max(...results.map(({ peakMiB }) => peakMiB));
  const longest = Math.max(...results.map(({ longestMs }) => longestMs));
  const latestMs = Math.max(...results.map((result) => result.latestMs));
  const latest = results.find((result) => result.latestMs === latestMs)?.latest ?? '';
  const counts = `${results.length} rows, ${harmed} harmed${unshown === 0 ? '' : `, ${unshown} showed nothing`}`;
  const late = `renewals at most ${(latestMs / 1000).toFixed(1)} s late${latestMs < 1_000 ? '' : ` (${latest})`}`;
  const text = `${counts}; peak ${peak} MiB, longest answer ${longest} ms, ${late}, in ${minutes} min`;
  return styleText(harmed > 0 ? 'red' : unshown > 0 ? 'yellow' : 'green', text);
}
