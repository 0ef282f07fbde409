import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { validPod } from '../admission/generated-pods.ts';
import { at, KEYS, type Json } from '../admission/pods.ts';
import {
  collectionPath,
  injectionOf,
  readInjection,
  borrowAdmissionStage,
  type AdmissionStage,
} from './admission-stage.ts';
import { DENIED, WARNED, type BadPod } from './bad-pods.ts';
import { compareWithModel } from './compare-with-model.ts';
import type { Loose } from './objects.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };

/** A container that Pod Security `restricted` accepts. */
function container(name: string, more: Json = {}): Json {
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  return { name, image: 'busybox', securityContext, ...more };
}

function pod(name: string, spec: Json = {}, annotations: Json = {}): Json {
  const metadata = { name, annotations: { ...TOKEN, ...annotations } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container('app')], ...spec } };
}

const SHAPES: Readonly<Record<string, Json>> = {
  'one container': pod('p'),
  'init containers and a native sidecar': pod('p', {
    initContainers: [
      container('init', { command: ['true'] }),
      container('sidecar', { restartPolicy: 'Always', startupProbe: { exec: { command: ['true'] } } }),
    ],
  }),
  'no volumes, as the ServiceAccount is not mounted': pod('p', { automountServiceAccountToken: false }),
  'volumes, mounts and variables of its own': pod('p', {
    volumes: [
      { name: 'work', emptyDir: {} },
      { name: 'settings', configMap: { name: 'settings' } },
    ],
    containers: [
      container('app', {
        volumeMounts: [
          { name: 'settings', mountPath: '/var/run/secrets' },
          { name: 'work', mountPath: '/var/run/secrets/jwt/work' },
        ],
        env: [
          { name: 'COPY', value: '$(BEARER_TOKEN_FILE)' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ],
        envFrom: [{ configMapRef: { name: 'settings' } }],
      }),
      container('side'),
    ],
  }),
  'a mount of the token of its own': pod('p', {
    volumes: [{ name: 'mine', secret: { secretName: 'my-jwt' } }],
    containers: [container('app', { volumeMounts: [{ name: 'mine', mountPath: '/creds' }] })],
  }),
  'a projected volume with the token': pod('p', {
    volumes: [{ name: 'all', projected: { sources: [{ secret: { name: 'my-jwt' } }] } }],
  }),
  'ids and a read-only root': pod('p', {
    securityContext: { fsGroup: 1000, runAsUser: 1000, supplementalGroups: [2000] },
    containers: [
      container('app', { securityContext: { ...Object(container('x')['securityContext']), readOnlyRootFilesystem: true } }),
    ],
  }),
  'several tokens, one of them with dots': pod('p', {}, { [KEYS.token]: 'my-jwt, b, c.d' }),
  'settings of its own': pod(
    'p',
    { containers: [container('app'), container('side')] },
    { [KEYS.containers]: 'side', [KEYS.mountPath]: '/creds/', [KEYS.envVar]: 'TOKEN', [KEYS.fileMode]: '440' },
  ),
  'twenty containers': pod('p', {
    containers: Array.from({ length: 20 }, (_, index) => container(`app-${index}`)),
  }),
}; // prettier-ignore

/** The Deployment of the NRP page, which mounts everything itself, with the annotation added. */
const NRP_PAGE = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'token-test', labels: { app: 'token-test' } },
  spec: {
    replicas: 1,
    strategy: { type: 'Recreate' },
    selector: { matchLabels: { app: 'token-test' } },
    template: {
      metadata: { labels: { app: 'token-test' }, annotations: TOKEN },
      spec: {
        containers: [
          {
            name: 'token-test',
            image: 'busybox',
            command: ['sleep', '3600'],
            resources: { requests: { memory: '128Mi', cpu: '500m' }, limits: { memory: '256Mi', cpu: '1' } },
            env: [{ name: 'BEARER_TOKEN_FILE', value: '/var/run/secrets/jwt/token' }],
            volumeMounts: [{ mountPath: '/var/run/secrets/jwt', name: 'my-jwt' }],
          },
        ],
        volumes: [{ name: 'my-jwt', secret: { secretName: 'my-jwt' } }],
      },
    },
  },
};

describe('pods on a real control plane', { concurrency: false }, () => {
  let stage: AdmissionStage;
  before(async () => {
    stage = await borrowAdmissionStage();
    const level = (mode: string) => [`pod-security.kubernetes.io/${mode}`, 'restricted'];
    await stage.createNamespace('restricted', Object.fromEntries(['enforce', 'warn', 'audit'].map(level)));
    await stage.createNamespace('free');
  });
  after(() => stage.stop());

  for (const [shape, object] of Object.entries(SHAPES)) {
    it(`a pod with ${shape} is injected as the model says, under Pod Security restricted, without a warning`, async () => {
      const { outcome, answer } = await compareWithModel(stage, 'restricted', object);
      assert.equal(outcome, 'alike', answer.body.message);
      assert.deepEqual(answer.warnings, []);
    });
  }

  it('a pod on the host’s network is injected as the model says', async () => {
    const object = pod('p', { hostNetwork: true, hostPID: true });
    assert.equal((await compareWithModel(stage, 'free', object)).outcome, 'alike');
  });

  it('all but the containers to skip are injected', async () => {
    const containers = [container('app'), container('side')];
    const object = pod('p', { containers }, { [KEYS.skipContainers]: 'side' });
    const { body } = await stage.create('restricted', object, 'dryRun');
    const { containers: expected, volumes } = injectionOf('my-jwt', 'app');
    assert.deepEqual(readInjection(body), { volumes, containers: { ...expected, side: [] } });
  });

  it('200 generated pods are stored as the model says', async () => {
    const sample = fc.sample(validPod, { numRuns: 1000, seed: 5 });
    const counts = { alike: 0, denied: 0, invalid: 0 };
    const work = async (): Promise<void> => {
      while (counts.alike < 200) {
        const generated = sample.pop();
        assert.ok(generated, `there are too few good pods: ${JSON.stringify(counts)}`);
        counts[(await compareWithModel(stage, 'free', complete(generated))).outcome] += 1;
      }
    };
    await Promise.all([work(), work(), work(), work()]);
    assert.ok(counts.denied > 20);
  });

  it('the NRP page’s complete Deployment plus the annotation gets an empty patch', async () => {
    const answer = await stage.create('free', NRP_PAGE);
    assert.deepEqual([answer.status, answer.warnings], [201, []]);
    const line = await stage
      .service()
      .waitForLog(({ kind, owner }) => kind === 'Pod' && String(owner).startsWith('ReplicaSet/token-test-'));
    assert.deepEqual([line['decision'], line['reason']], ['skip', 'AlreadyInjected']);
    const [made] = (await stage.api.ask('GET', collectionPath('free', 'Pod'))).body.items;
    assert.deepEqual(readInjection(made), {
      volumes: ['my-jwt'],
      containers: {
        'token-test': ['my-jwt at /var/run/secrets/jwt', 'BEARER_TOKEN_FILE=/var/run/secrets/jwt/token'],
      },
    });
  });

  it('kubectl create: a dry run shows the injected pod and stores nothing, also with a generated name', async () => {
    const args = ['create', '-f', '-', '-o', 'json'];
    const object = pod('dry');
    const dry = await stage.kubectl('restricted', [...args, '--dry-run=server'], object);
    assert.deepEqual(readInjection(JSON.parse(dry.stdout)), injectionOf('my-jwt', 'app'));
    assert.equal(dry.stderr, '');
    assert.equal(await stage.objects.get('pods', 'restricted', 'dry'), undefined);
    const generated = { ...object, metadata: { generateName: 'made-', annotations: TOKEN } };
    const made = JSON.parse((await stage.kubectl('restricted', args, generated)).stdout);
    assert.match(made.metadata.name, /^made-/);
    assert.deepEqual(readInjection(made), injectionOf('my-jwt', 'app'));
    const line = await stage.service().waitForLog(({ generateName }) => generateName === 'made-');
    assert.deepEqual([line['reason'], line['dryRun']], ['Injected', undefined]);
  });

  for (const how of [['apply'], ['apply', '--server-side', '--field-manager=gitops']]) {
    it(`kubectl ${how.join(' ')}: applied again the pod stays as it is, and its image can be changed`, async () => {
      const name = `applied-${how.length}`;
      const apply = (object: Json) => stage.kubectl('restricted', [...how, '-f', '-'], object);
      const versions = async (): Promise<Loose> => stage.objects.get('pods', 'restricted', name);
      const object = pod(name);
      assert.equal((await apply(object)).stderr, '');
      const first = await versions();
      assert.deepEqual(readInjection(first), injectionOf('my-jwt', 'app'));
      assert.equal((await apply(object)).stderr, '');
      assert.deepEqual(await versions(), first);
      assert.equal(
        (await apply(pod(name, { containers: [container('app', { image: 'alpine' })] }))).stderr,
        '',
      );
      const changed = await versions();
      assert.equal(changed.spec.containers[0].image, 'alpine');
      assert.deepEqual(readInjection(changed), readInjection(first));
    });
  }

  it('kubectl shows every denial, with cause, place and remedy', async () => {
    const { stdout, stderr, code } = await createAll(DENIED);
    const lines = stderr.trim().split('\n');
    assert.deepEqual([code, stdout, lines.length], [1, '', DENIED.length], stderr);
    for (const [index, { title, says }] of DENIED.entries()) {
      const line = lines[index] ?? '';
      const start = 'Error from server (BadRequest): error when creating "STDIN": admission webhook ';
      assert.ok(line.startsWith(`${start}"pods.tokens.osg-htc.org" denied the request: `), line);
      for (const text of says) assert.match(line, text, title);
    }
  });

  it('kubectl shows every warning, with cause and place', async () => {
    const { stdout, stderr } = await createAll(WARNED);
    assert.equal(stdout.trim().split('\n').length, WARNED.length, stderr);
    const lines = stderr.trim().split('\n');
    assert.equal(lines.length, WARNED.length, stderr);
    for (const [index, { title, says }] of WARNED.entries()) {
      const line = lines[index] ?? '';
      assert.ok(line.startsWith('Warning: '), line);
      for (const text of says) assert.match(line.slice('Warning: '.length), text, title);
    }
  });

  /** Creates all of them with a single kubectl, which continues after an error. */
  async function createAll(pods: readonly BadPod[]) {
    const items = pods.map(({ annotations, spec }, index) => pod(`p-${index}`, spec, annotations));
    const list = { apiVersion: 'v1', kind: 'List', items };
    return stage.kubectl('free', ['create', '--dry-run=server', '-f', '-'], list);
  }
});

/**
 * Adds what the API server requires besides the generated members: images, and mounts of existing volumes,
 * each only once.
 */
function complete(generated: Json): Json {
  const spec: Loose = generated['spec'];
  const known = new Set((spec.volumes ?? []).map(({ name }: Loose) => name));
  const repair = (entry: Loose): Loose => {
    const byPath = new Map(entry.volumeMounts?.map((mount: Loose) => [mount.mountPath, mount]));
    const volumeMounts = [...byPath.values()].filter((mount: Loose) => known.has(mount.name));
    return { ...entry, image: 'busybox', ...(entry.volumeMounts === undefined ? {} : { volumeMounts }) };
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations: at(generated, 'metadata', 'annotations') },
    spec: {
      ...spec,
      containers: spec.containers.map(repair),
      initContainers: spec.initContainers?.map(repair),
    },
  };
}
