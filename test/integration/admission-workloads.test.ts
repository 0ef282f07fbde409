import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KEYS, type Json } from '../admission/pods.ts';
import {
  collectionPath,
  injectionOf,
  readInjection,
  borrowAdmissionStage,
  type AdmissionStage,
} from './admission-stage.ts';
import type { Loose } from './objects.ts';
import { finishRollout, templateAnnotations, waitForPodsOf, workload } from './workloads.ts';

const COPIED = 'tokens.osg-htc.org/copied';
const TOKEN = { [KEYS.token]: 'my-jwt' };

/** The annotations of a template that got these annotations from its workload, with its own ones. */
function copied(annotations: Json, own: Json = {}): Json {
  return { ...own, ...annotations, [COPIED]: JSON.stringify(annotations) };
}

describe('annotated workloads on a real control plane', { concurrency: false }, () => {
  let stage: AdmissionStage;
  before(async () => {
    stage = await borrowAdmissionStage();
    await stage.createNamespace('work');
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node' } };
    assert.equal((await stage.api.ask('POST', '/api/v1/nodes', node)).status, 201); // DaemonSets need one
  });
  after(() => stage.stop());

  const create = async (kind: string, name: string, parts: Parameters<typeof workload>[1] = {}) => {
    const answer = await stage.create('work', workload(kind, { ...parts, name }));
    assert.equal(answer.status, 201, answer.body.message);
    return answer;
  };
  const get = async (kind: string, name: string): Promise<Loose> =>
    (await stage.api.ask('GET', `${collectionPath('work', kind)}/${name}`)).body;
  const annotate = async (kind: string, name: string, annotations: Json): Promise<Loose> => {
    const answer = await stage.patch('work', kind, name, { metadata: { annotations } });
    assert.equal(answer.status, 200, answer.body.message);
    return answer.body;
  };
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await stage.kubectl('work', args);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    return stdout;
  };

  it('kubectl annotate deployment leads to one rollout with injected pods; removing the annotation, to another one', async () => {
    await create('Deployment', 'web', { spec: { replicas: 2 } });
    const first = await finishRollout(stage, 'work', 'web');
    assert.deepEqual([first.replicaSets.length, first.deployment.metadata.generation], [1, 1]);

    await kubectl('annotate', 'deployment', 'web', `${KEYS.token}=my-jwt`);
    const second = await finishRollout(stage, 'work', 'web');
    assert.deepEqual([second.replicaSets.length, second.deployment.metadata.generation], [2, 2]);
    assert.deepEqual(templateAnnotations(second.deployment), copied(TOKEN));
    for (const pod of second.pods) assert.deepEqual(readInjection(pod), injectionOf('my-jwt', 'app'));

    await kubectl('label', 'deployment', 'web', 'colour=blue');
    await kubectl('annotate', 'deployment', 'web', 'colour=blue');
    assert.equal((await finishRollout(stage, 'work', 'web')).replicaSets.length, 2);

    await kubectl('annotate', 'deployment', 'web', `${KEYS.token}-`);
    const third = await finishRollout(stage, 'work', 'web');
    assert.deepEqual(third.deployment.spec.template.metadata, first.deployment.spec.template.metadata);
    assert.deepEqual(third.deployment.spec, first.deployment.spec);
    assert.equal(third.replicaSets.length, 2, 'the template is the first one again');
    for (const pod of third.pods) assert.deepEqual(readInjection(pod).volumes, []);
  });

  it('kubectl scale changes no template, and the new pods are injected', async () => {
    await create('Deployment', 'scaled', { annotations: TOKEN });
    const first = await finishRollout(stage, 'work', 'scaled');
    await kubectl('scale', 'deployment', 'scaled', '--replicas=3');
    const { pods, replicaSets, deployment } = await finishRollout(stage, 'work', 'scaled');
    assert.deepEqual([pods.length, replicaSets.length], [3, 1]);
    assert.deepEqual(deployment.spec.template, first.deployment.spec.template);
    for (const pod of pods) assert.deepEqual(readInjection(pod), injectionOf('my-jwt', 'app'));
  });

  it('kubectl rollout undo to a revision before the annotation removes it from the Deployment, and back', async () => {
    await create('Deployment', 'undone');
    const first = await finishRollout(stage, 'work', 'undone');
    await annotate('Deployment', 'undone', TOKEN);
    await finishRollout(stage, 'work', 'undone');
    await kubectl('rollout', 'undo', 'deployment', 'undone');
    const undone = await finishRollout(stage, 'work', 'undone');
    assert.equal(undone.deployment.metadata.annotations[KEYS.token], undefined);
    assert.deepEqual(undone.deployment.spec, first.deployment.spec);
    await kubectl('rollout', 'undo', 'deployment', 'undone');
    const again = await finishRollout(stage, 'work', 'undone');
    assert.equal(again.deployment.metadata.annotations[KEYS.token], 'my-jwt');
    assert.deepEqual(templateAnnotations(again.deployment), copied(TOKEN));
    assert.equal(again.replicaSets.length, 2);
  });

  for (const kind of ['StatefulSet', 'DaemonSet']) {
    it(`kubectl rollout undo of a ${kind} gets the annotation copied again, as it is still there`, async () => {
      const resource = kind.toLowerCase();
      const isSeen = ({ status, metadata }: Loose): boolean =>
        status.observedGeneration === metadata.generation;
      await create(kind, 'undone');
      await stage.objects.waitFor(`${resource}s`, 'work', 'undone', isSeen);
      await annotate(kind, 'undone', TOKEN);
      await stage.objects.waitFor(`${resource}s`, 'work', 'undone', isSeen);
      assert.match(await kubectl('rollout', 'undo', resource, 'undone'), /rolled back/);
      assert.deepEqual(templateAnnotations(await get(kind, 'undone')), copied(TOKEN));
    });
  }

  const kinds: readonly [string, string | undefined][] = [
    ['StatefulSet', 'app=statefulset'],
    ['DaemonSet', 'app=daemonset'],
    ['ReplicaSet', 'app=replicaset'],
    ['Job', 'job-name=job'],
    ['CronJob', 'job-name=by-hand'],
  ];
  for (const [kind, selector = ''] of kinds) {
    it(`an annotated ${kind} makes injected pods; the copies are removed with the annotation`, async () => {
      const name = kind.toLowerCase();
      const settings = { ...TOKEN, [KEYS.envVar]: ' TOKEN_FILE ' };
      const own = { 'example.org/mine': 'x', [KEYS.mountPath]: '/creds' };
      const made = await create(kind, name, { annotations: settings, template: own });
      const sorted = { [KEYS.envVar]: ' TOKEN_FILE ', ...TOKEN };
      assert.deepEqual(templateAnnotations(made.body), copied(sorted, own));
      assert.deepEqual(made.warnings, []);
      if (kind === 'CronJob') await kubectl('create', 'job', 'by-hand', '--from=cronjob/cronjob');
      const [pod] = await waitForPodsOf(stage, 'work', selector);
      assert.deepEqual(readInjection(pod), {
        volumes: ['jwt-my-jwt'],
        containers: { app: ['jwt-my-jwt at /creds', 'TOKEN_FILE=/creds/token'] },
      });
      if (kind === 'Job') return;
      const changed = await annotate(kind, name, { [KEYS.token]: 'other' });
      assert.deepEqual(templateAnnotations(changed), copied({ ...sorted, [KEYS.token]: 'other' }, own));
      const less = await annotate(kind, name, { [KEYS.token]: null });
      assert.deepEqual(templateAnnotations(less), copied({ [KEYS.envVar]: ' TOKEN_FILE ' }, own));
      assert.deepEqual(templateAnnotations(await annotate(kind, name, { [KEYS.envVar]: null })), own);
    });
  }

  it('the template of a Job is fixed: a late annotation gets a warning that it has no effect', async () => {
    const { code, stderr } = await stage.kubectl('work', [
      'annotate',
      'job',
      'job',
      `${KEYS.mountPath}=/late`,
    ]);
    assert.equal(code, 0);
    assert.match(
      stderr,
      /^Warning: .*mount-path changes nothing now, a Job's pod template is fixed: create the Job again$/m,
    );
    assert.equal(templateAnnotations(await get('Job', 'job'))[KEYS.mountPath], '/creds');
  });

  it('a Job that is suspended and was never started can still be annotated on its template, as the warning says', async () => {
    const suspended: Loose = workload('Job', { name: 'suspended' });
    suspended.spec.suspend = true;
    await stage.create('work', suspended);
    const late = await stage.kubectl('work', ['annotate', 'job', 'suspended', `${KEYS.token}=my-jwt`]);
    assert.match(late.stderr, /token is copied when a Job is created: annotate its pod template too$/m);
    const template = { metadata: { annotations: TOKEN } };
    const followed = await stage.patch('work', 'Job', 'suspended', { spec: { template } });
    assert.deepEqual(templateAnnotations(followed.body), TOKEN);
  });

  it('a StatefulSet with a claim template that is named like our volume gets a warning', async () => {
    const object: Loose = workload('StatefulSet', { name: 'claims', annotations: TOKEN });
    object.spec.volumeClaimTemplates = [
      {
        metadata: { name: 'jwt-my-jwt' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ];
    const { warnings } = await stage.create('work', object, 'dryRun');
    assert.match(
      warnings[0] ?? '',
      /^pods of this StatefulSet will be refused: volume "jwt-my-jwt" is of kind persistentVolumeClaim/,
    );
  });

  it('annotations that the user wrote on the template are never changed, for any change of the workload’s annotations', async () => {
    const { warnings } = await create('Deployment', 'own', {
      annotations: TOKEN,
      template: { [KEYS.token]: 'own' },
    });
    assert.deepEqual(warnings, [
      `${KEYS.token} of the pod template: "own" wins over "my-jwt" of the Deployment`,
    ]);
    assert.deepEqual(templateAnnotations(await get('Deployment', 'own')), { [KEYS.token]: 'own' });
    for (const value of ['third', null]) {
      const changed = await annotate('Deployment', 'own', { [KEYS.token]: value });
      assert.deepEqual(templateAnnotations(changed), { [KEYS.token]: 'own' });
    }
  });

  it('an annotation that the user edited on the template belongs to the user from then on', async () => {
    await create('Deployment', 'edited', { annotations: { ...TOKEN, [KEYS.envVar]: 'X' } });
    const template = { metadata: { annotations: { [KEYS.token]: 'mine' } } };
    const edited = (await stage.patch('work', 'Deployment', 'edited', { spec: { template } })).body;
    const rest = copied({ [KEYS.envVar]: 'X' });
    assert.deepEqual(templateAnnotations(edited), { ...rest, [KEYS.token]: 'mine' });
    const bare = await annotate('Deployment', 'edited', { [KEYS.token]: null, [KEYS.envVar]: null });
    assert.deepEqual(templateAnnotations(bare), { [KEYS.token]: 'mine' });
  });

  for (const how of [['apply'], ['apply', '--server-side', '--field-manager=gitops']]) {
    it(`kubectl ${how.join(' ')}, repeated: no conflict, no change; an annotation that is removed from the file is removed`, async () => {
      const name = `applied-${how.length}`;
      const apply = async (annotations: Json, warning = ''): Promise<void> => {
        const object = workload('Deployment', { name, annotations });
        const { code, stderr } = await stage.kubectl('work', [...how, '-f', '-'], object);
        assert.deepEqual([code, stderr], [0, warning]);
      };
      await apply(TOKEN);
      const first = await finishRollout(stage, 'work', name);
      assert.deepEqual(templateAnnotations(first.deployment), copied(TOKEN));
      for (let time = 0; time < 3; time += 1) await apply(TOKEN);
      const later = await finishRollout(stage, 'work', name);
      assert.equal(later.deployment.metadata.generation, first.deployment.metadata.generation);
      assert.deepEqual(later.deployment.spec, first.deployment.spec);
      assert.equal(later.replicaSets.length, 1);

      // Another user adds an annotation that is not in the file: applying the file does not change it.
      await kubectl('annotate', 'deployment', name, `${KEYS.envVar}=X`);
      await apply(TOKEN);
      assert.deepEqual(
        templateAnnotations(await get('Deployment', name)),
        copied({ [KEYS.envVar]: 'X', ...TOKEN }),
      );
      await apply({}, `Warning: annotation ${KEYS.envVar} has no effect without ${KEYS.token}\n`);
      assert.deepEqual(templateAnnotations(await get('Deployment', name)), copied({ [KEYS.envVar]: 'X' }));
      await kubectl('annotate', 'deployment', name, `${KEYS.envVar}-`);
      assert.equal(templateAnnotations(await get('Deployment', name)), undefined);
    });
  }

  it('kubectl shows for a Deployment the problems of its pods, and how to fix them', async () => {
    await create('Deployment', 'warned');
    const { code, stderr } = await stage.kubectl('work', [
      'annotate',
      'deployment',
      'warned',
      `${KEYS.token}=My_JWT`,
    ]);
    assert.equal(code, 0);
    assert.deepEqual(stderr.trim().split('\n'), [
      'Warning: pods of this Deployment will be refused: annotation tokens.osg-htc.org/token: "My_JWT" is not a valid token name',
      'Warning: to have them admitted: the closest valid one is "my-jwt"',
    ]);
    const misplaced = await stage.create('work', cronJobWithMisplacedToken(), 'dryRun');
    assert.deepEqual(misplaced.warnings, [
      `annotation ${KEYS.token} has no effect on spec.jobTemplate.metadata: put it on the CronJob`,
    ]);
  });

  it('objects that a controller creates for a workload are never sent: neither ReplicaSets nor Jobs', async () => {
    const owned = stage
      .service()
      .logLines()
      .filter(({ kind, owner }) => kind !== 'Pod' && owner !== undefined);
    assert.deepEqual(owned, []);
  });
});

function cronJobWithMisplacedToken(): Json {
  const object: Loose = workload('CronJob', { name: 'misplaced' });
  object.spec.jobTemplate.metadata = { annotations: TOKEN };
  return object;
}
