import { join } from 'node:path';
import { styleText } from 'node:util';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import type { Stage } from '../controlplane/stage.ts';
import type { Objects } from '../integration/objects.ts';
import type { Screen } from './screen.ts';

/** Shared by all steps after the boot. */
export interface Demo {
  readonly screen: Screen;
  readonly stage: Stage;
  readonly objects: Objects;
}

/** One numbered step. It throws if something is wrong: a StepFailure if it knows what was expected. */
export interface Step {
  readonly title: string;
  play(demo: Demo): Promise<void>;
}

/** The namespace that a user's first `kubectl apply` uses. */
export const NAMESPACE = 'default';

const ROOT = join(import.meta.dirname, '../..');

/** The example files as the README names them, as paths from the checkout's root. */
export const EXAMPLES = { jwt: 'deploy/examples/my-jwt.yaml', deployment: 'deploy/examples/token-test.yaml' };

/** The absolute path of a file that is named from the checkout's root. */
export function pathOf(example: string): string {
  return join(ROOT, example);
}

/** Runs kubectl and shows the command as a user would type it, with its whole output. */
export async function showKubectl(
  screen: Screen,
  { kubectl }: Pick<ControlPlane, 'kubectl'>,
  args: readonly string[],
): Promise<void> {
  screen.show(styleText('cyan', `$ kubectl ${args.join(' ')}`));
  const files = Object.values(EXAMPLES);
  const { stdout, stderr } = await kubectl(args.map((arg) => (files.includes(arg) ? pathOf(arg) : arg)));
  for (const text of [stderr, stdout]) if (text !== '') screen.show(text);
}
