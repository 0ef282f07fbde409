import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { askApi, createApiAgent, type ApiAccess, type ApiAnswer } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readObjects, renderOverlay, type Overlay } from '../deploy/rendered.ts';
import {
  KEY,
  labelsManagedBy,
  NAMESPACE,
  nudge,
  POD,
  REFUSED_REQUESTS,
  spec,
  type PodRequest,
} from './beyond-a-nudge.ts';
import { openObjects, type Objects } from './objects.ts';
import { makeNode, podOnNode } from './pods-on-node.ts';

/**
 * The ServiceAccounts of the webhook, which without `separate` is also the controller, and of the controller.
 */
const ACCOUNTS = ['jwt-injector', 'jwt-injector-controller'] as const;
const ELSEWHERE = 'delivery-elsewhere';

function everyRightOf(installation: string): string {
  const subject = { kind: 'ServiceAccount', namespace: installation };
  return stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: `every-right-of-${installation}`, namespace: NAMESPACE },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: ACCOUNTS.map((name) => ({ ...subject, name })),
  });
}

describe(
  'the rights of our ServiceAccounts on pods under the policy of prompt delivery',
  { concurrency: false },
  () => {
    let stage: Stage<Cluster>;
    let objects: Objects;
    /** By `NAMESPACE/NAME` of the ServiceAccount. */
    const own = new Map<string, ApiAccess>();
    before(async () => {
      stage = await borrowStage({ withoutService: true });
      const { cluster } = stage;
      objects = openObjects(cluster);
      await cluster.createNamespace(NAMESPACE);
      await makeNode(cluster, NAMESPACE);
      const pod = parse(podOnNode({ namespace: NAMESPACE, name: 'target' }, NAMESPACE, [{ secret: 'a' }]));
      pod.metadata = { ...pod.metadata, labels: { app: 'x' }, annotations: { kept: 'as it is' } };
      pod.spec.containers[0].resources = { requests: { cpu: '1' } };
      await cluster.apply(stringify(pod));
      await install({
        resources: ['default'],
        components: ['components/separate', 'components/prompt-delivery'],
      });
      await openAccounts('jwt-injector');
    });
    after(async () => {
      for (const { agent } of own.values()) agent.destroy();
      await stage.stop();
    });

    /** Installs the policy and the ServiceAccounts of the rendered overlay. */
    async function install(overlay: Overlay): Promise<void> {
      const wanted = readObjects(await renderOverlay(overlay)).filter(({ kind }) =>
        /^(ValidatingAdmissionPolicy.*|ServiceAccount)$/.test(kind),
      );
      await stage.cluster.apply(wanted.map((object) => stringify(object)).join('---\n'));
    }

    /**
     * Gives all rights to both ServiceAccounts of an installation, so that only the policy refuses requests.
     */
    async function openAccounts(namespace: string): Promise<void> {
      const { cluster } = stage;
      await cluster.apply(everyRightOf(namespace));
      for (const name of ACCOUNTS) {
        const kubeconfig = parse(
          await readFile(await cluster.serviceAccountKubeconfig(namespace, name), 'utf8'),
        );
        const { token } = kubeconfig.users[0].user;
        const agent = createApiAgent(cluster.ca);
        own.set(`${namespace}/${name}`, { port: cluster.access.port, token, agent });
      }
      const [first] = ACCOUNTS;
      await waitUntil('the policy to be in effect', 60_000, async () => {
        const body = nudge({ labels: { app: 'other' } });
        return (await askAs(`${namespace}/${first}`, 'PATCH', `${POD}?dryRun=All`, body)).status === 403;
      });
    }

    function askAs(account: string, method: string, path: string, body?: object): Promise<ApiAnswer> {
      const access = own.get(account);
      assert.ok(access !== undefined, account);
      return askApi(access, method, path, body);
    }

    function ask(method: string, path: string, body?: object): Promise<ApiAnswer> {
      return askAs('jwt-injector/jwt-injector', method, path, body);
    }

    async function toSend(body: PodRequest[2]): Promise<object | undefined> {
      return typeof body === 'function' ? body(await objects.get('pods', NAMESPACE, 'target')) : body;
    }

    async function target() {
      const { metadata, ...rest } = await objects.get('pods', NAMESPACE, 'target');
      const { managedFields: _, resourceVersion: __, ...others } = metadata;
      return { ...rest, metadata: others };
    }

    it('compiles, and its types fit those of the API server', async () => {
      const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/jwt-injector-delivery';
      const checked = await waitUntil('the policy to be checked', 60_000, async () => {
        const policy = JSON.parse((await askApi(stage.cluster.access, 'GET', path)).body);
        return policy.status?.observedGeneration === policy.metadata.generation && policy;
      });
      assert.deepEqual(checked.status.typeChecking, {});
    });

    it('a nudge is allowed, again and again, no matter who nudged last', async () => {
      for (const manager of ['jwt-injector', 'jwt-injector', 'jwt-injector-renew', 'jwt-injector']) {
        const at = new Date().toISOString();
        const body = { metadata: { annotations: { [KEY]: at } } };
        const { status, body: answer } = await ask('PATCH', `${POD}?fieldManager=${manager}`, body);
        assert.equal(status, 200, answer);
        assert.equal((await target()).metadata.annotations[KEY], at);
      }
    });

    it('a nudge is allowed after one by a user who also set another annotation', async () => {
      const earlier = { metadata: { annotations: { [KEY]: '2025-01-01T00:00:00.000000Z', note: 'a' } } };
      const byHand = await askApi(stage.cluster.access, 'PATCH', `${POD}?fieldManager=by-hand`, earlier);
      assert.equal(byHand.status, 200);
      const { status, body: answer } = await ask('PATCH', `${POD}?fieldManager=jwt-injector`, nudge());
      assert.equal(status, 200, answer);
    });

    async function assertRefused(account: string, [method, path, body]: PodRequest): Promise<void> {
      const unchanged = await target();
      const { status, body: answer } = await askAs(account, method, path, await toSend(body));
      // pods/resize does not exist before Kubernetes 1.32.
      if (status !== 404 || !path.endsWith('/resize')) {
        assert.equal(status, 403, answer);
        assert.match(answer, /jwt-injector-delivery/);
      }
      assert.deepEqual(await target(), unchanged);
    }

    for (const account of ACCOUNTS) {
      for (const [title, request] of Object.entries(REFUSED_REQUESTS))
        it(`it refuses ${account} ${title}`, () => assertRefused(`jwt-injector/${account}`, request));
    }

    it('a status in a nudge changes nothing: the API server keeps the old one', async () => {
      const unchanged = await target();
      await ask('PATCH', POD, nudge({}, { status: { phase: 'Failed' } }));
      const { status } = await target();
      assert.deepEqual(status, unchanged.status);
    });

    it('a change of an immutable field is refused before the policy is evaluated', async () => {
      const unchanged = await target();
      for (const fields of [
        { nodeName: 'elsewhere' },
        { terminationGracePeriodSeconds: 0 },
        { hostNetwork: true },
      ])
        assert.equal((await ask('PATCH', POD, spec(fields))).status, 422);
      assert.deepEqual(await target(), unchanged);
    });

    it('an update of the whole pod is refused like a patch', async () => {
      const whole = await objects.get('pods', NAMESPACE, 'target');
      whole.metadata.labels = { app: 'other' };
      const { status, body } = await ask('PUT', POD, whole);
      assert.equal(status, 403, body);
    });

    it('a pod with many field managers can be nudged', async () => {
      for (let index = 0; index < 12; index += 1) {
        const body = { metadata: { annotations: { [`key-${index}`]: '' } } };
        await askApi(stage.cluster.access, 'PATCH', `${POD}?fieldManager=manager-${index}`, body);
      }
      const { status, body } = await ask('PATCH', `${POD}?fieldManager=jwt-injector`, nudge());
      assert.equal(status, 200, body);
      const forged = await toSend(labelsManagedBy('flux', 'Apply'));
      assert.equal((await ask('PATCH', POD, forged)).status, 403, 'managers that applied are kept, too');
    });

    it('other users can still change the pod', async () => {
      const { status } = await askApi(stage.cluster.access, 'PATCH', POD, {
        metadata: { labels: { app: 'y' } },
      });
      assert.equal(status, 200);
    });

    it('the policy of an installation in another namespace limits both, too', async () => {
      await stage.cluster.createNamespace(ELSEWHERE);
      const lower = `namespace: ${ELSEWHERE}
resources: [KUSTOMIZE/default]
components: [KUSTOMIZE/components/separate]
`;
      await install({
        resources: ['elsewhere'],
        components: ['components/prompt-delivery', 'components/other-namespace'],
        files: { 'elsewhere/kustomization.yaml': lower },
      });
      await openAccounts(ELSEWHERE);
      for (const name of ACCOUNTS) {
        for (const title of ['a label', 'an image', 'a command in it', 'another pod', 'its end'] as const)
          await assertRefused(`${ELSEWHERE}/${name}`, REFUSED_REQUESTS[title]);
        const { status, body } = await askAs(`${ELSEWHERE}/${name}`, 'PATCH', POD, nudge());
        assert.equal(status, 200, body);
      }
    });
  },
);
