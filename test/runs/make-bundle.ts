import { chooseEntry } from '../controlplane/choose-entry.ts';
import { runNpmScript } from './run-program.ts';

/**
 * Makes the bundle if a source is newer, as tests start the bundle if it is up to date; see `chooseEntry`.
 * Gives true if it exists.
 */
export async function makeBundle(): Promise<boolean> {
  if ((await chooseEntry()).file === 'dist/main.js') return true;
  return (await runNpmScript('build')).hasPassed;
}
