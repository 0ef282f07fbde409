import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { askApi, createApiAgent, type ApiAccess, type ApiAnswer } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { openObjects, type Loose, type Objects } from './objects.ts';
import { makeNode, podOnNode } from './pods-on-node.ts';

const NAMESPACE = 'delivery-policy';
const KEY = 'delivery.tokens.osg-htc.org/nudged-at';
const NOW = '2026-01-01T00:00:00.000000Z';
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const POD = `${PODS}/target`;
/** Of the test's ServiceAccount, so that nothing but the policy is in the way. */
const EVERY_RIGHT = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: every-right, namespace: ${NAMESPACE} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: jwt-injector, namespace: jwt-injector }]
`;
const OWNER = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'any',
  uid: '00000000-0000-0000-0000-000000000000',
};

/** A merge patch that nudges, and does something else besides. */
const nudge = (metadata: object = {}, rest: object = {}): object => ({
  metadata: { annotations: { [KEY]: NOW }, ...metadata },
  ...rest,
});
const annotations = (more: object): object => nudge({ annotations: { [KEY]: NOW, ...more } });
const spec = (more: object): object => nudge({}, { spec: more });

type Body = object | ((pod: Loose) => object);
/** The pod's one container, with something else in it. */
const container =
  (more: object) =>
  ({ spec: { containers } }: Loose): object =>
    spec({ containers: [{ ...containers[0], ...more }] });

/** Besides the managers that a pod has, one that took over its labels: its next apply without them would remove them. */
const labelsManagedBy =
  (manager: string, operation: 'Apply' | 'Update') =>
  ({ metadata }: Loose): object => {
    const fieldsV1 = { 'f:metadata': { 'f:labels': { 'f:app': {} } } };
    const entry = { manager, operation, apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsV1 };
    return nudge({ managedFields: [...metadata.managedFields, { ...entry, fieldsType: 'FieldsV1' }] });
  };

/** Everything that somebody with all rights on pods can do with one, except for a nudge. */
const REFUSED_REQUESTS: Readonly<Record<string, readonly [method: string, path: string, body?: Body]>> = {
  'a label': ['PATCH', POD, nudge({ labels: { app: 'other' } })],
  'the end of a label': ['PATCH', POD, nudge({ labels: { app: null } })],
  'another annotation': ['PATCH', POD, annotations({ other: 'a' })],
  'an annotation that asks for a token': ['PATCH', POD, annotations({ 'tokens.osg-htc.org/token': 'a' })],
  'a changed annotation': ['PATCH', POD, annotations({ kept: 'changed' })],
  'the end of an annotation': ['PATCH', POD, annotations({ kept: null })],
  'the end of all annotations': ['PATCH', POD, { metadata: { annotations: null } }],
  'no time as the annotation’s value': [
    'PATCH',
    POD,
    { metadata: { annotations: { [KEY]: 'a'.repeat(30) } } },
  ],
  'a long value of the annotation': ['PATCH', POD, { metadata: { annotations: { [KEY]: '0'.repeat(300) } } }],
  'no value of the annotation': ['PATCH', POD, { metadata: { annotations: { [KEY]: '' } } }],
  'another annotation of its prefix': [
    'PATCH',
    POD,
    { metadata: { annotations: { 'delivery.tokens.osg-htc.org/other': NOW } } },
  ],
  'a finalizer': ['PATCH', POD, nudge({ finalizers: ['example.com/stay'] })],
  'an owner': ['PATCH', POD, nudge({ ownerReferences: [OWNER] })],
  'no field managers': ['PATCH', POD, nudge({ managedFields: [{}] })],
  'a field manager that applied a label': ['PATCH', POD, labelsManagedBy('flux', 'Apply')],
  'a field manager of our name that applied a label': [
    'PATCH',
    POD,
    labelsManagedBy('jwt-injector', 'Apply'),
  ],
  'a field manager that updated a label': ['PATCH', POD, labelsManagedBy('somebody', 'Update')],
  'an image': ['PATCH', POD, container({ image: 'busybox:other' })],
  'a toleration': [
    'PATCH',
    POD,
    (pod: Loose) => spec({ tolerations: [...pod.spec.tolerations, { operator: 'Exists' }] }),
  ],
  'a deadline': ['PATCH', POD, spec({ activeDeadlineSeconds: 1 })],
  'its status': ['PATCH', `${POD}/status`, { status: { phase: 'Failed' } }],
  'a nudge by its status': ['PATCH', `${POD}/status`, nudge()],
  'a debug container': [
    'PATCH',
    `${POD}/ephemeralcontainers`,
    { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } },
  ],
  'other resources': ['PATCH', `${POD}/resize`, container({ resources: { requests: { cpu: '2' } } })],
  'another node': [
    'POST',
    `${POD}/binding`,
    {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'target' },
      target: { kind: 'Node', name: 'elsewhere' },
    },
  ],
  'an eviction': [
    'POST',
    `${POD}/eviction`,
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'target', namespace: NAMESPACE } },
  ],
  'a command in it': ['POST', `${POD}/exec?command=id&container=main&stdout=true`],
  'its standard streams': ['POST', `${POD}/attach?container=main&stdout=true`],
  'its ports': ['POST', `${POD}/portforward`],
  'requests to it': ['GET', `${POD}/proxy/`],
  'its end': ['DELETE', POD],
  'the end of all': ['DELETE', PODS],
  'another pod': ['POST', PODS, parse(podOnNode({ namespace: NAMESPACE, name: 'new' }, NAMESPACE, []))],
};

describe(
  'what the policy of prompt delivery lets our ServiceAccount do with pods',
  { concurrency: false },
  () => {
    let stage: Stage<Cluster>;
    let objects: Objects;
    let own: ApiAccess;
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
      const rendered = await renderOverlay({
        resources: ['default'],
        components: ['components/prompt-delivery'],
      });
      const policy = readObjects(rendered).filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));
      await cluster.apply([EVERY_RIGHT, ...policy.map((object) => stringify(object))].join('---\n'));
      const kubeconfig = parse(
        await readFile(await cluster.serviceAccountKubeconfig('jwt-injector', 'jwt-injector'), 'utf8'),
      );
      const { token } = kubeconfig.users[0].user;
      own = { port: cluster.access.port, token, agent: createApiAgent(cluster.ca) };
      await waitUntil('the policy to be in effect', 30_000, async () => {
        const { status } = await ask('PATCH', `${POD}?dryRun=All`, nudge({ labels: { app: 'other' } }));
        return status === 403;
      });
    });
    after(async () => {
      own.agent.destroy();
      await stage.stop();
    });

    function ask(method: string, path: string, body?: object): Promise<ApiAnswer> {
      return askApi(own, method, path, body);
    }

    async function toSend(body: Body | undefined): Promise<object | undefined> {
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

    it('a nudge is allowed after one by somebody who also made another annotation', async () => {
      const earlier = { metadata: { annotations: { [KEY]: '2025-01-01T00:00:00.000000Z', note: 'a' } } };
      const byHand = await askApi(stage.cluster.access, 'PATCH', `${POD}?fieldManager=by-hand`, earlier);
      assert.equal(byHand.status, 200);
      const { status, body: answer } = await ask('PATCH', `${POD}?fieldManager=jwt-injector`, nudge());
      assert.equal(status, 200, answer);
    });

    for (const [title, [method, path, body]] of Object.entries(REFUSED_REQUESTS)) {
      it(`it refuses ${title}`, async () => {
        const unchanged = await target();
        const { status, body: answer } = await ask(method, path, await toSend(body));
        // pods/resize is not there before Kubernetes 1.32.
        if (status !== 404 || !path.endsWith('/resize')) {
          assert.equal(status, 403, answer);
          assert.match(answer, /jwt-injector-delivery/);
        }
        assert.deepEqual(await target(), unchanged);
      });
    }

    it('a status that comes with a nudge changes nothing: the API server keeps the old one', async () => {
      const unchanged = await target();
      await ask('PATCH', POD, nudge({}, { status: { phase: 'Failed' } }));
      const { status } = await target();
      assert.deepEqual(status, unchanged.status);
    });

    it('what nobody can change is refused before the policy is asked', async () => {
      const unchanged = await target();
      for (const fields of [
        { nodeName: 'elsewhere' },
        { terminationGracePeriodSeconds: 0 },
        { hostNetwork: true },
      ])
        assert.equal((await ask('PATCH', POD, spec(fields))).status, 422);
      assert.deepEqual(await target(), unchanged);
    });

    it('an update of the whole pod is refused as a patch is', async () => {
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

    it('other users may still change the pod', async () => {
      const { status } = await askApi(stage.cluster.access, 'PATCH', POD, {
        metadata: { labels: { app: 'y' } },
      });
      assert.equal(status, 200);
    });
  },
);
