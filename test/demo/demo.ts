import { join } from 'node:path';
import { styleText } from 'node:util';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import type { Stage } from '../controlplane/stage.ts';
import type { Objects } from '../integration/objects.ts';
import type { Screen } from './screen.ts';

/** What every step after the boot plays with. */
export interface Demo {
  readonly screen: Screen;
  readonly stage: Stage;
  readonly objects: Objects;
}

/** One numbered step. It throws when something is not as it should be: a StepFailure where it knows what should be. */
export interface Step {
  readonly title: string;
  play(demo: Demo): Promise<void>;
}

/** Everything happens where a user's first `kubectl apply` would end up. */
export const NAMESPACE = 'default';

const ROOT = join(import.meta.dirname, '../..');

/** The example files as the README names them, from the checkout's root. */
export const EXAMPLES = { jwt: 'deploy/examples/my-jwt.yaml', deployment: 'deploy/examples/token-test.yaml' };

/** The path of a file that was named from the checkout's root. */
export function pathOf(example: string): string {
  return join(ROOT, example);
}

/** Runs kubectl and shows the command as a user would type it, with all that it answers. */
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
