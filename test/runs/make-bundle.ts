import { chooseEntry } from '../controlplane/choose-entry.ts';
import { runNpmScript } from './run-program.ts';

/** What tests start is the bundle, if no source is newer; see `chooseEntry`. This makes it if one is; true if it is there. */
export async function makeBundle(): Promise<boolean> {
  if ((await chooseEntry()).file === 'dist/main.js') return true;
  return (await runNpmScript('build')).hasPassed;
}
