import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KEYS, type Json } from '../admission/pods.ts';
import {
  DEBUG,
  injectionOf,
  readInjection,
  borrowAdmissionStage,
  waitForPods,
  type AdmissionStage,
} from './admission-stage.ts';
import { addAnnotation, addSidecar, rewriteContainers, startNeighbours } from './neighbours.ts';
import type { Loose } from './objects.ts';
import { finishRollout, waitForPodsOf, workload } from './workloads.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };
const NOTHING = { volumes: [], containers: { app: [] } };

function pod(annotations: Json = {}, name = 'p'): Json {
  const containers = [{ name: 'app', image: 'busybox' }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations }, spec: { containers } };
}

const NEIGHBOURS = [
  { name: 'a-sidecar', label: 'sidecar-before', inject: addSidecar },
  { name: 'z-sidecar', label: 'sidecar-after', inject: addSidecar },
  { name: 'a-rewriter', label: 'rewriter-before', inject: rewriteContainers },
  { name: 'z-rewriter', label: 'rewriter-after', inject: rewriteContainers },
  { name: 'a-annotator', label: 'annotator-before', inject: addAnnotation },
  { name: 'z-annotator', label: 'annotator-after', inject: addAnnotation },
];

describe('the webhook beside other webhooks on a real control plane:', { concurrency: false }, () => {
  let stage: AdmissionStage;
  let neighbours: { stop(): void };
  before(async () => {
    stage = await borrowAdmissionStage();
    neighbours = await startNeighbours(stage.cluster, NEIGHBOURS);
    for (const { label } of NEIGHBOURS) await stage.createNamespace(label, { neighbour: label });
    await stage.createNamespace('neighbours');
    await stage.createNamespace('neighbours-labelled', { [KEYS.token]: 'ns-jwt' });
    const isChanged = ({ body }: Loose): boolean =>
      body.spec.containers.length > 1 || body.metadata.annotations !== undefined;
    for (const { label } of NEIGHBOURS) await waitForPods(stage, label, pod(), isChanged);
    await waitForPods(
      stage,
      'neighbours-labelled',
      pod(),
      ({ body }) => readInjection(body).volumes.length > 0,
    );
  });
  after(async () => {
    neighbours.stop();
    await stage.stop();
  });

  const dryRun = async (namespace: string, object: Json): Promise<Loose> => {
    const { body, status } = await stage.create(namespace, object, 'dryRun');
    assert.equal(status, 201, body.message);
    return body;
  };
  const label = (namespace: string, value: string | null): Promise<unknown> =>
    stage.api.ask('PATCH', `/api/v1/namespaces/${namespace}`, {
      metadata: { labels: { [KEYS.token]: value } },
    });

  it('200 pods at once are all injected', async () => {
    await stage.create(
      'neighbours',
      workload('ReplicaSet', { name: 'many', template: TOKEN, spec: { replicas: 100 } }),
    );
    const names = Array.from({ length: 100 }, (_, index) => `one-of-many-${index}`);
    const answers = await Promise.all(names.map((name) => stage.create('neighbours', pod(TOKEN, name))));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
    const pods = await waitForPodsOf(stage, 'neighbours', 'app=many', 100);
    const all = [...pods, ...answers.map(({ body }) => body)];
    for (const made of all) assert.deepEqual(readInjection(made), injectionOf('my-jwt', 'app'));
  });

  for (const namespace of ['sidecar-before', 'sidecar-after']) {
    it(`${namespace}: a sidecar that another webhook adds gets the token as well`, async () => {
      const made = await dryRun(namespace, pod(TOKEN));
      assert.deepEqual(readInjection(made), injectionOf('my-jwt', 'sidecar-init', 'app', 'sidecar'));
      const names = made.spec.containers.map(({ name }: Loose) => name);
      assert.deepEqual(names, ['app', 'sidecar']);
    });
  }

  for (const namespace of ['rewriter-before', 'rewriter-after']) {
    it(`${namespace}: containers that another webhook writes again, mounts copied, end up injected once`, async () => {
      const made = await dryRun(namespace, pod(TOKEN));
      assert.deepEqual(readInjection(made), injectionOf('my-jwt', 'app', 'sidecar'));
    });
  }

  it('a sidecar in a namespace with a default gets the token as well', async () => {
    await label('sidecar-after', 'ns-jwt');
    const isSent = ({ body }: Loose): boolean => readInjection(body).volumes.length > 0;
    const { body } = await waitForPods(stage, 'sidecar-after', pod(), isSent);
    assert.deepEqual(readInjection(body), injectionOf('ns-jwt', 'sidecar-init', 'app', 'sidecar'));
  });

  it('a webhook before ours can add the annotation; one after ours is too late', async () => {
    const { annotations } = (await dryRun('annotator-after', pod())).metadata;
    assert.deepEqual(annotations, TOKEN);
    assert.deepEqual(readInjection(await dryRun('annotator-before', pod())), injectionOf('my-jwt', 'app'));
    assert.deepEqual(readInjection(await dryRun('annotator-after', pod())), NOTHING);
  });

  it('kubectl debug: the ephemeral container sees the token, and so does that of a copy with its annotations', async () => {
    await stage.create('neighbours', pod(TOKEN, 'debugged'));
    const debug = [...DEBUG, 'debugged', '--container=debugger'];
    const first = await stage.kubectl('neighbours', debug);
    assert.deepEqual([first.code, first.stderr], [0, '']);
    const debugged = await stage.objects.get('pods', 'neighbours', 'debugged');
    assert.deepEqual(readInjection(debugged), injectionOf('my-jwt', 'app', 'debugger'));
    const again = await stage.kubectl('neighbours', [...DEBUG, 'debugged', '--container=second']);
    assert.deepEqual([again.code, again.stderr], [0, '']);
    const twice = await stage.objects.get('pods', 'neighbours', 'debugged');
    assert.deepEqual(readInjection(twice), injectionOf('my-jwt', 'app', 'debugger', 'second'));
    // Without that flag, older versions of kubectl always kept them.
    const keep = '--keep-annotations';
    const isFlag = (await stage.kubectl('neighbours', ['debug', '--help'])).stdout.includes(keep);
    const copy = await stage.kubectl('neighbours', [...debug, '--copy-to=copy', ...(isFlag ? [keep] : [])]);
    assert.deepEqual([copy.code, copy.stderr], [0, '']);
    const copied = await stage.objects.get('pods', 'neighbours', 'copy');
    assert.deepEqual(readInjection(copied), injectionOf('my-jwt', 'app', 'debugger'));
  });

  it('kubectl debug: pods injected by their namespace’s default work, too; an impossible injection gets a warning', async () => {
    await stage.create('neighbours-labelled', pod({}, 'debugged'));
    const { code } = await stage.kubectl('neighbours-labelled', [...DEBUG, 'debugged', '-c', 'debugger']);
    assert.equal(code, 0);
    const debugged = await stage.objects.get('pods', 'neighbours-labelled', 'debugged');
    assert.deepEqual(readInjection(debugged), injectionOf('ns-jwt', 'app', 'debugger'));
    await stage.create('neighbours', pod({}, 'late'));
    await stage.patch('neighbours', 'Pod', 'late', { metadata: { annotations: TOKEN } });
    const late = await stage.kubectl('neighbours', [...DEBUG, 'late', '-c', 'debugger']);
    assert.equal(late.code, 0);
    assert.equal(
      late.stderr,
      'Warning: ephemeral containers do not get "my-jwt": the pod has no volume with it\n',
    );
  });

  it('the namespace’s default applies to all pods without an annotation, and a pod’s own annotation wins', async () => {
    await stage.create('neighbours-labelled', workload('Deployment', { name: 'quiet' }));
    const { deployment, pods } = await finishRollout(stage, 'neighbours-labelled', 'quiet');
    assert.equal(deployment.spec.template.metadata.annotations, undefined);
    assert.deepEqual(pods.map(readInjection), [injectionOf('ns-jwt', 'app')]);
    const cases: readonly [Json, unknown][] = [
      [TOKEN, injectionOf('my-jwt', 'app')],
      [{ [KEYS.token]: '' }, injectionOf('ns-jwt', 'app')],
      [{ [KEYS.token]: ' ,\n' }, injectionOf('ns-jwt', 'app')],
      [{ [KEYS.inject]: 'true' }, injectionOf('ns-jwt', 'app')],
      [{ [KEYS.inject]: ' false ' }, NOTHING],
      [{ ...TOKEN, [KEYS.inject]: 'false' }, NOTHING],
    ];
    for (const [annotations, expected] of cases) {
      assert.deepEqual(
        readInjection(await dryRun('neighbours-labelled', pod(annotations))),
        expected,
        JSON.stringify(annotations),
      );
    }
  });

  it('a new label is used at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const namespace = `fresh-${round}`;
      await stage.createNamespace(namespace);
      const object = pod({ [KEYS.inject]: 'true' });
      const early = await stage.create(namespace, object, 'dryRun');
      assert.match(early.body.message, /inject is "true", but no token is named/);
      await label(namespace, 'ns-jwt');
      assert.deepEqual(readInjection(await dryRun(namespace, object)), injectionOf('ns-jwt', 'app'));
    }
  });

  it('a changed or removed label changes new pods', async () => {
    await stage.createNamespace('changing', { [KEYS.token]: 'first' });
    const follows = (volumes: readonly string[]) =>
      waitForPods(
        stage,
        'changing',
        pod(),
        ({ body }) => readInjection(body).volumes.join() === volumes.join(),
      );
    await follows(['jwt-first']);
    await label('changing', 'second');
    await follows(['jwt-second']);
    await label('changing', null);
    await follows([]);
    await stage.newCalls();
    await dryRun('changing', pod());
    assert.deepEqual(await stage.newCalls(), {});
  });

  it('a label with an invalid token refuses the namespace’s pods, and the message names the namespace', async () => {
    await stage.createNamespace('wrong', { [KEYS.token]: 'My_JWT' });
    const { body } = await waitForPods(stage, 'wrong', pod(), ({ status }) => status === 400);
    assert.match(
      body.message,
      /label .*token of the namespace: "My_JWT" is not a valid token name: the closest/,
    );
    const { status } = await stage.create('wrong', pod({ [KEYS.inject]: 'false' }), 'dryRun');
    assert.equal(status, 201);
  });

  it('if the namespace cannot be read, pods that need its default are refused with "try again"; others are admitted', async () => {
    const name = 'jwt-injector-webhook';
    const path = `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${name}`;
    const binding = (await stage.api.ask('GET', path)).body;
    await stage.api.ask('DELETE', path);
    const object = pod({ [KEYS.inject]: 'true' });
    const { body } = await waitForPods(stage, 'neighbours', object, (answer) =>
      answer.body.message.includes('try again'),
    );
    assert.match(
      body.message,
      /^admission webhook "pods\..*label tokens.osg-htc.org\/token of namespace "neighbours" could not be read: try again$/,
    );
    assert.deepEqual(readInjection(await dryRun('neighbours', pod(TOKEN))), injectionOf('my-jwt', 'app'));
    const { apiVersion, kind, roleRef, subjects } = binding;
    await stage.cluster.apply(JSON.stringify({ apiVersion, kind, metadata: { name }, roleRef, subjects }));
    await waitForPods(stage, 'neighbours', object, (answer) =>
      answer.body.message.includes('no token is named'),
    );
  });
});
