import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { LIVE_PODS } from '../../src/kube/pods.ts';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { DELIVERY_COMPONENT, installDeliveryRights } from '../deploy/delivery-rights.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import type { Objects } from './objects.ts';
import { makeNode, podOnNode, type Mounted } from './pods-on-node.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

const NAMESPACE = 'prompt-delivery';
const KEY = 'delivery.tokens.osg-htc.org/nudged-at';

describe('prompt delivery', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage(NAMESPACE, { withoutService: true }));
    await installDeliveryRights(stage.cluster);
    await makeNode(stage.cluster, NAMESPACE);
    await stage.startService({ args: ['--prompt-delivery'] });
    await createPod('witness', { secret: 'last' });
    for (const name of ['one', 'two', 'last']) {
      await tenant.apply(name);
      await tenant.waitForToken(name, (token) => token !== '');
    }
    // Secrets get their turns in order: when the pod of the last one was nudged, no pod that is created now
    // is nudged for these tokens.
    await waitForNudge('witness', undefined);
    await waitForNudges(1);
  });
  after(() => stage.stop());

  async function createPod(name: string, ...mounted: readonly Mounted[]): Promise<void> {
    await stage.cluster.apply(podOnNode({ namespace: NAMESPACE, name }, NAMESPACE, mounted));
  }

  async function removePod(name: string, ...flags: readonly string[]): Promise<void> {
    await stage.cluster.kubectl(['delete', 'pod', '-n', NAMESPACE, name, ...flags]);
  }

  async function endPod(name: string): Promise<void> {
    const patch = JSON.stringify({ status: { phase: 'Succeeded' } });
    const args = ['patch', 'pod', '-n', NAMESPACE, name, '--subresource=status', '--type=merge', '-p', patch];
    await stage.cluster.kubectl(args);
  }

  async function renew(name: string, request: string): Promise<void> {
    const old = await tenant.tokenOf(name);
    const annotation = `tokens.osg-htc.org/renew=${request}`;
    await stage.cluster.kubectl(['annotate', '-n', NAMESPACE, '--overwrite', 'jwt', name, annotation]);
    await tenant.waitForToken(name, (token) => token !== old);
  }

  async function nudgedAt(name: string): Promise<string | undefined> {
    return (await objects.get('pods', NAMESPACE, name)).metadata.annotations?.[KEY];
  }

  async function waitForNudge(name: string, earlier: string | undefined): Promise<string> {
    const pod = await objects.waitFor('pods', NAMESPACE, name, ({ metadata }) => {
      const at = metadata.annotations?.[KEY];
      return at !== undefined && at !== earlier;
    });
    return pod.metadata.annotations[KEY];
  }

  async function nudges(result: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${stage.service().httpPort}/metrics`)).text();
    const line = new RegExp(`^jwt_injector_delivery_nudges_total\\{result="${result}"\\} (\\d+)$`, 'm');
    return Number(line.exec(text)?.[1]);
  }

  /** Waits for the metric, as the pod is changed a moment before it is counted. */
  function waitForNudges(count: number): Promise<unknown> {
    return waitUntil('each nudge to be counted', 60_000, async () => (await nudges('done')) === count);
  }

  it('a renewal nudges the pods that mount its Secret, once, and no other pod', async () => {
    await createPod('mounts', { secret: 'one' });
    await createPod('mounts-both', { secret: 'one' }, { secret: 'two' });
    await createPod('mounts-other', { secret: 'two' });
    await createPod('mounts-file', { secret: 'one', subPath: 'token' });
    // When the service has seen the last pod, it has seen the others.
    await createPod('last', { secret: 'one' });
    const earlier = await nudges('done');
    await renew('one', 'a');
    const first = await waitForNudge('last', undefined);
    assert.match(first, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await waitForNudge('mounts', undefined);
    const both = await waitForNudge('mounts-both', undefined);
    await waitForNudges(earlier + 3);

    await renew('two', 'b');
    await waitForNudge('mounts-both', both);
    await waitForNudge('mounts-other', undefined);
    await waitForNudges(earlier + 5);
    assert.equal(await nudgedAt('last'), first);
    assert.equal(await nudgedAt('mounts-file'), undefined);
  });

  it('nothing else of the pod changes, and the change is not sent to the webhook', async () => {
    const earlier = await objects.get('pods', NAMESPACE, 'mounts');
    await renew('one', 'c');
    await waitForNudge('mounts', earlier.metadata.annotations[KEY]);
    const pod = await objects.get('pods', NAMESPACE, 'mounts');
    const without = ({ metadata, ...rest }: typeof pod) => {
      const { managedFields: _, resourceVersion: __, annotations, ...others } = metadata;
      return { ...rest, metadata: { ...others, annotations: { ...annotations, [KEY]: '' } } };
    };
    assert.deepEqual(without(pod), without(earlier));
    assert.ok(!KEY.startsWith('tokens.osg-htc.org/'));
  });

  it('a later pod is nudged; one that is being deleted, has ended or was deleted is not', async () => {
    const leavingAt = await nudgedAt('mounts-other');
    assert.notEqual(leavingAt, undefined);
    for (const name of ['gone', 'ended']) await createPod(name, { secret: 'two' });
    await removePod('mounts-other', '--wait=false'); // no kubelet ends it, so its object stays
    await removePod('gone', '--grace-period=0', '--force');
    await endPod('ended');
    await createPod('later', { secret: 'last' }, { secret: 'two' });
    // A watch keeps the order: when the service has seen the pod that was created after these three were
    // deleted, it has seen their deletion.
    await waitUntil('the new pod to be nudged', 120_000, async () => {
      const earlier = await nudgedAt('witness');
      await renew('last', `d-${Math.random()}`);
      await waitForNudge('witness', earlier); // many renewals soon after each other would be delayed
      return (await nudgedAt('later')) !== undefined;
    });

    const [laterAt, bothAt] = [await nudgedAt('later'), await nudgedAt('mounts-both')];
    await renew('two', 'e');
    await waitForNudge('later', laterAt);
    await waitForNudge('mounts-both', bothAt);
    const witnessAt = await nudgedAt('witness');
    await renew('last', 'f'); // its turn is after that of all pods of the other one
    await waitForNudge('witness', witnessAt);
    assert.equal(await nudgedAt('mounts-other'), leavingAt);
    assert.equal(await nudgedAt('ended'), undefined);
    // Each result has a metric from the beginning; a deleted pod that the service still knew would be counted
    // as `gone`.
    for (const result of ['gone', 'refused', 'failed', 'dropped']) assert.equal(await nudges(result), 0);
  });

  it('the API server accepts the service’s selector for pods', async () => {
    const path = `/api/v1/pods?${new URLSearchParams(LIVE_PODS).toString()}`;
    const { body } = await askApi(stage.cluster.access, 'GET', path);
    assert.notEqual(JSON.parse(body).items.length, 0);
  });

  it('without the right to patch pods, tokens are still renewed; metric and log say what is missing', async () => {
    const rules = '/rules/4';
    const taken = [
      { op: 'test', path: `${rules}/resources/0`, value: 'pods' },
      { op: 'replace', path: `${rules}/verbs`, value: ['list', 'watch'] },
    ];
    await stage.cluster.kubectl([
      'patch',
      'clusterrole',
      'jwt-injector',
      '--type=json',
      '-p',
      JSON.stringify(taken),
    ]);
    await waitUntil('a nudge to be refused', 120_000, async () => {
      await renew('one', `g-${Math.random()}`);
      return (await nudges('refused')) > 0;
    });
    const line = await stage
      .service()
      .waitForLog(({ msg }) => String(msg).includes('was not nudged after a renewal'));
    assert.match(
      String(line['reason']),
      /^patch pods prompt-delivery\/[\w-]+: 403 Forbidden \(no-right patch pods\)$/,
    );
  });

  it('with --namespaces, Roles are enough', async () => {
    await stage.service().stop();
    await stage.cluster.kubectl(['delete', 'clusterrolebinding', 'jwt-injector']);
    const rightsIn = `namespace: ${NAMESPACE}\nresources: [KUSTOMIZE/namespaced]\n`;
    const all = readObjects(
      await renderOverlay({
        resources: ['served'],
        components: [DELIVERY_COMPONENT],
        files: { 'served/kustomization.yaml': rightsIn },
      }),
    );
    const roles = all.filter(({ kind }) => /^Role(Binding)?$/.test(kind));
    assert.equal(roles.length, 2);
    await stage.cluster.apply(roles.map((object) => stringify(object)).join('---\n'));
    await stage.startService({ args: ['--prompt-delivery', `--namespaces=${NAMESPACE}`] });
    const earlier = await nudgedAt('mounts');
    await renew('one', 'h');
    await waitForNudge('mounts', earlier);
    assert.ok(!stage.service().output().includes('Forbidden'), stage.service().output());
  });
});
