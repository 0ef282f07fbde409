import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execute } from '../runs/execute.ts';

/** The program of Debian's packages chromium-headless-shell and chromium, and its names elsewhere. */
export const PROGRAMS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** As root there is no sandbox. The page is our own, and the network is loopback. */
const ALWAYS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--hide-scrollbars',
  '--disable-dev-shm-usage',
];

const ENDS_WITHIN_MS = 60_000;

/** Runs Chromium once, without a window. Gives its output. */
export async function runChromium(folder: string, args: readonly string[]): Promise<string> {
  const program = findChromium();
  const { stdout } = await execute(program, [...ALWAYS, `--user-data-dir=${folder}`, ...args], {
    timeout: ENDS_WITHIN_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
}

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error('Chromium is missing: apt-get install chromium-headless-shell fonts-dejavu-core');
  return found;
}
