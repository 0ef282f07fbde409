import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { waitForWebhook } from '../../controlplane/stage.ts';
import { createPods } from '../churn/create-pods.ts';
import { restart } from '../churn/disturbances.ts';
import { judgeFailures } from '../churn/judge-failures.ts';
import { API_ADDRESS } from '../cluster/addresses.ts';
import { PRODUCT, testChart, upgradeChart } from '../cluster/install.ts';
import { enforcePolicies } from '../cluster/kube-router.ts';
import { type Callee, listPodsOf, startPods } from '../policy/callers.ts';
import { listenIn } from '../policy/connect.ts';
import { expectOpen, type Openings } from '../policy/expect-open.ts';
import { churnDuring } from './churn.ts';
import { makeScienceNamespace, scienceJwt } from './science-namespace.ts';
import type { Scene, Story } from './story.ts';

/** The namespace in which pods are created; all of them are deleted afterwards. */
const NAMESPACE = 'policy';
const USERS = 'policy-users';
const MONITORING = 'policy-monitoring';
const CONTROLLER = `${PRODUCT}-controller`;
const CREATIONS_REFUSED = 50;

const [WEBHOOK, METRICS, FALLBACK_METRICS] = [8443, 8080, 8081];
/** A port on which the product does not listen; the story listens there. */
const OTHER = 9000;

/** Values of the chart below `networkPolicy`. */
const BY_DEFAULT = { webhookFrom: [], metricsFrom: [{ namespaceSelector: {} }] };
const NARROW = {
  webhookFrom: [ipBlock(`${API_ADDRESS}/32`)],
  metricsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': MONITORING } } }],
};
/** A mistake of an admin: another address than that of the API server. */
const TOO_STRICT = { ...NARROW, webhookFrom: [ipBlock('192.0.2.1/32')] };

/**
 * The nodes enforce NetworkPolicies: with that of the chart the product works, and only the named clients
 * reach it.
 */
export const POLICY: Story = {
  name: 'policy',
  async play(scene) {
    const { cluster, log } = scene;
    const { controlPlane } = cluster;
    await makeScienceNamespace(controlPlane, NAMESPACE, 'baseline');
    const users = await startPods(controlPlane, USERS);
    const monitoring = await startPods(controlPlane, MONITORING);
    const everybody = [CONTROL_PLANE, ...users, ...monitoring];

    await expectProduct(
      controlPlane,
      everybody.map((caller) => [caller, [WEBHOOK, METRICS, FALLBACK_METRICS, OTHER]]),
    );
    await using enforcement = new AsyncDisposableStack();
    enforcement.use(await enforcePolicies(cluster));
    await showEnforcement(controlPlane, users, monitoring);
    log('without enforcement everybody reaches every port; then a policy closes a pod, and its end opens it');

    const wrong: string[] = [];
    const churn = async (policy: string) => {
      const name = `rolling restart, with ${policy} enforced`;
      const disturbance = { name, disturb: () => restart(controlPlane) };
      wrong.push(...(await churnDuring(scene, disturbance, NAMESPACE)));
    };
    await expectProduct(controlPlane, [
      [CONTROL_PLANE, [WEBHOOK]],
      ...[...users, ...monitoring].map((pod) => [pod, [WEBHOOK, METRICS, FALLBACK_METRICS]] as const),
    ]);
    await churn('the NetworkPolicy of the chart');

    await upgradeChart(cluster, { networkPolicy: NARROW });
    const metricsAlone = (...ports: readonly number[]): Openings => [
      ...users.map((pod) => [pod, []] as const),
      ...monitoring.map((pod) => [pod, ports] as const),
    ];
    const narrow: Openings = [[CONTROL_PLANE, [WEBHOOK]], ...metricsAlone(METRICS, FALLBACK_METRICS)];
    await expectProduct(controlPlane, narrow);
    await testChart(cluster);
    log('with callers named, the others do not get in, from the same node or another');

    if (!scene.short) {
      await churn('one that names the callers');
      await upgradeChart(cluster, { networkPolicy: TOO_STRICT });
      await showRefusal(scene);
      await upgradeChart(cluster, { networkPolicy: NARROW });
      await waitForWebhook(controlPlane);

      await upgradeChart(cluster, { separate: true });
      await controlPlane.kubectl(['rollout', 'status', `deployment/${CONTROLLER}`, '-n', PRODUCT]);
      await expectProduct(controlPlane, narrow);
      await expectProduct(controlPlane, [[CONTROL_PLANE, []], ...metricsAlone(METRICS)], CONTROLLER);
      await churn('the same for separate Deployments');
      await signAnother(controlPlane);
      log('the controller in a Deployment of its own signs, and answers Prometheus alone');
      await upgradeChart(cluster, { separate: false });
    }
    await upgradeChart(cluster, { networkPolicy: BY_DEFAULT });
    if (wrong.length > 0) throw new ControlPlaneError(wrong.join('\n'));
  },
};

const CONTROL_PLANE = { name: 'the control plane' };

function ipBlock(cidr: string): object {
  return { ipBlock: { cidr } };
}

/** Checks who reaches the pods of a Deployment of the product, on its ports and on one that it does not use. */
async function expectProduct(
  controlPlane: ControlPlane,
  openings: Openings,
  deployment = PRODUCT,
): Promise<void> {
  const pods = await listPodsOf(controlPlane, deployment);
  assert.equal(pods.length, 2, deployment);
  using listeners = new DisposableStack();
  for (const { network } of pods) listeners.use(await listenIn(network, OTHER));
  await expectOpen(pods, [WEBHOOK, METRICS, FALLBACK_METRICS, OTHER], openings);
}

/** A policy without any allowed client closes a pod, and without the policy the pod is open again. */
async function showEnforcement(
  { apply, kubectl }: ControlPlane,
  [pod, beside]: readonly [Callee, Callee],
  others: readonly Callee[],
): Promise<void> {
  using listeners = new DisposableStack();
  listeners.use(await listenIn(pod.network, OTHER));
  const callers = [CONTROL_PLANE, beside, ...others];
  const expect = (ports: readonly number[]) =>
    expectOpen(
      [pod],
      [OTHER],
      callers.map((caller) => [caller, ports]),
    );
  const metadata = { name: 'deny-all', namespace: USERS };
  const spec = { podSelector: {}, policyTypes: ['Ingress'] };
  await apply(stringify({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec }));
  await expect([]);
  await kubectl(['delete', 'networkpolicy', 'deny-all', '-n', USERS]);
  await expect([OTHER]);
}

/**
 * With a policy that keeps the API server out, `churnDuring` must find failures. The old connections end with
 * the old pods.
 */
async function showRefusal({ cluster: { controlPlane }, log }: Scene): Promise<void> {
  const { failures, created } = await createPods({
    access: controlPlane.access,
    namespace: NAMESPACE,
    atLeast: CREATIONS_REFUSED,
    during: restart(controlPlane),
  });
  const { wrong } = judgeFailures(failures, undefined, {});
  assert.ok(wrong.length > 0, `${created} pods were created although the API server is not let in`);
  assert.match(wrong.at(-1) ?? '', /failed calling webhook/);
  log(`with a policy that does not name the API server ${wrong.length} creations fail: ${wrong.at(-1)}`);
}

/** The controller reaches the API server: the policy does not limit outgoing connections. */
async function signAnother({ apply, kubectl }: ControlPlane): Promise<void> {
  await apply(stringify(scienceJwt(NAMESPACE, 'another')));
  await kubectl(['wait', 'jwt/another', '-n', NAMESPACE, '--for=condition=Ready', '--timeout=60s']);
}
