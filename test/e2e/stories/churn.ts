import { waitForReplicas } from '../cluster/install.ts';
import { createPods } from '../churn/create-pods.ts';
import { describeFailure, judgeFailures } from '../churn/judge-failures.ts';
import { DISTURBANCES, type Disturbance } from '../churn/disturbances.ts';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import { makeScienceNamespace } from './science-namespace.ts';
import type { Scene, Story } from './story.ts';

const NAMESPACE = 'churn';
const CREATIONS = 200;

/** Pods are created all the time, whatever happens to the product. */
export const CHURN: Story = {
  name: 'churn',
  async play(scene) {
    await makeScienceNamespace(scene.cluster.controlPlane, NAMESPACE, 'baseline');
    const wrong: string[] = [];
    for (const disturbance of DISTURBANCES) {
      if (scene.short && disturbance.short !== true) continue;
      const words = (error: unknown) => [`${disturbance.name}: ${String(error)}`];
      wrong.push(...(await churnDuring(scene, disturbance, NAMESPACE).catch(words)));
    }
    if (wrong.length > 0) throw new ControlPlaneError(wrong.join('\n'));
  },
};

/**
 * Creates pods in a namespace of this name. Gives the problems: failures that could have been prevented, or
 * too many failures.
 */
export async function churnDuring(
  scene: Scene,
  disturbance: Disturbance,
  namespace: string,
): Promise<readonly string[]> {
  const { name, stopsApiServer, disturb } = disturbance;
  const { controlPlane } = scene.cluster;
  const { outcome, created, failures, unanswered, slowestMs } = await createPods({
    access: controlPlane.access,
    namespace,
    atLeast: CREATIONS,
    during: disturb(scene.cluster),
  });
  await waitForReplicas(controlPlane);
  const harm = outcome ?? undefined;
  const { cutOff, refused, wrong } = judgeFailures(failures, harm, disturbance);
  scene.report('Creations of annotated pods, never tried again, while …', {
    'what happens': name,
    created: String(created),
    failed: String(failures.length),
    'connections lost': harm === undefined ? '' : String(harm.connections),
    'cut off': String(cutOff),
    refused: String(refused),
    'API server away': String(unanswered),
    slowest: `${(slowestMs / 1000).toFixed(1)} s`,
  });
  scene.log(`${name}: ${created} pods created, ${failures.length} failed`);
  for (const failure of failures) scene.log(`  ${describeFailure(failure, harm)}`);
  const away =
    unanswered > 0 && stopsApiServer !== true ? [`the API server did not answer ${unanswered} times`] : [];
  return [...away, ...wrong].map((what) => `${name}: ${what}`);
}
