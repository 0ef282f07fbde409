import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KEYS, type Json } from '../admission/pods.ts';
import {
  DEBUG,
  injectionOf,
  readInjection,
  startAdmissionStage,
  waitForPods,
  type AdmissionStage,
} from './admission-stage.ts';
import { finishRollout, templateAnnotations, workload } from './workloads.ts';

const POLICY = join(import.meta.dirname, '../../deploy/kustomize/final-state-policy');
const TOKEN = { [KEYS.token]: 'my-jwt' };
const MINOR = '1.34';

function pod(metadata: Json, spec: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    spec: { containers: [{ name: 'app', image: 'busybox' }], ...spec },
  };
}

describe(`injection with the features of Kubernetes ${MINOR}`, { concurrency: false }, () => {
  let stage: AdmissionStage;
  before(async () => {
    stage = await startAdmissionStage({ emulatedVersion: MINOR });
    await stage.createNamespace('plain');
    await stage.createNamespace('labelled', { [KEYS.token]: 'ns-jwt' });
    await waitForPods(stage, 'labelled', pod({}), ({ body }) => readInjection(body).volumes.length > 0);
  });
  after(() => stage.stop());

  it('the API server has that version, or is an older one', async () => {
    const { body } = await stage.api.ask('GET', '/version');
    assert.ok(Number(body.emulationMinor ?? body.minor) <= Number(MINOR.split('.')[1]), JSON.stringify(body));
  });

  it('each object is sent to its entry, once, and to no other', async () => {
    await stage.newCalls();
    const cases: readonly [string, Json, Json][] = [
      ['plain', pod({}), {}],
      ['plain', pod({ annotations: null }), {}],
      ['plain', pod({ name: undefined, generateName: 'p-' }), {}],
      ['plain', pod({ annotations: { 'example.org/a': 'b' } }), {}],
      ['plain', pod({ annotations: { ...TOKEN, [KEYS.inject]: ' false' } }), {}],
      ['kube-system', pod({ annotations: TOKEN }), {}],
      ['plain', pod({ annotations: TOKEN }), { pods: 1 }],
      ['plain', pod({ name: undefined, generateName: 'p-', annotations: TOKEN }), { pods: 1 }],
      ['labelled', pod({}), { 'namespace-default': 1 }],
      ['labelled', pod({ annotations: { [KEYS.token]: '' } }), { pods: 1 }],
      ['plain', workload('Deployment'), {}],
      ['plain', workload('Deployment', { annotations: TOKEN }), { workloads: 1 }],
      ['plain', workload('CronJob', { template: TOKEN }), { workloads: 1 }],
    ];
    for (const [namespace, object, calls] of cases) {
      const { status, body } = await stage.create(namespace, object, 'dryRun');
      assert.equal(status, 201, body.message);
      assert.deepEqual(await stage.newCalls(), calls, JSON.stringify(object));
    }
  });

  it('kubectl annotate deployment makes one rollout to injected pods, and back; kubectl debug sees the token', async () => {
    await stage.create('plain', workload('Deployment'));
    const first = await finishRollout(stage, 'plain', 'web');
    await stage.kubectl('plain', ['annotate', 'deployment', 'web', `${KEYS.token}=my-jwt`]);
    const { deployment, replicaSets, pods } = await finishRollout(stage, 'plain', 'web');
    assert.equal(templateAnnotations(deployment)[KEYS.token], 'my-jwt');
    assert.deepEqual([replicaSets.length, pods.map(readInjection)], [2, [injectionOf('my-jwt', 'app')]]);
    const name = pods[0]?.metadata.name;
    await stage.kubectl('plain', [...DEBUG, name, '--container=debugger']);
    const debugged = await stage.objects.get('pods', 'plain', name);
    assert.deepEqual(readInjection(debugged), injectionOf('my-jwt', 'app', 'debugger'));
    await stage.kubectl('plain', ['annotate', 'deployment', 'web', `${KEYS.token}-`]);
    assert.deepEqual((await finishRollout(stage, 'plain', 'web')).deployment.spec, first.deployment.spec);
  });

  it('a native sidecar gets the token, without a warning under Pod Security restricted', async () => {
    await stage.createNamespace('restricted', {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    });
    const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const container = (name: string, more: Json = {}): Json => ({
      name,
      image: 'busybox',
      securityContext,
      ...more,
    });
    const spec = {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: [container('sidecar', { restartPolicy: 'Always' })],
      containers: [container('app')],
    };
    const { body, warnings } = await stage.create('restricted', pod({ annotations: TOKEN }, spec), 'dryRun');
    assert.deepEqual(readInjection(body), injectionOf('my-jwt', 'sidecar', 'app'));
    assert.deepEqual(warnings, []);
  });

  it('the final-state policy refuses a pod without its volume, and nothing else', async () => {
    await stage.kubectl('plain', ['apply', '--server-side', '-k', POLICY]);
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/jwt-injector';
    await stage.api.ask('DELETE', path);
    const asking = pod({ annotations: TOKEN });
    const { body } = await waitForPods(stage, 'plain', asking, ({ status }) => status === 403);
    assert.match(body.message, /'jwt-injector-final-state' .* the pod asks for the token "my-jwt"/);
    assert.equal((await stage.create('plain', pod({}), 'dryRun')).status, 201);
  });

  it('no condition failed for any object', async () => {
    assert.equal(await stage.conditionErrors(), 0);
  });
});
