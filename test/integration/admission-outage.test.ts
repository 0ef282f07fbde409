import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openAudit, type Audit } from '../controlplane/audit.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { KEYS, type Json } from '../admission/pods.ts';
import {
  DEBUG,
  injectionOf,
  readInjection,
  borrowAdmissionStage,
  waitForPods,
  type AdmissionStage,
} from './admission-stage.ts';
import type { Loose } from './objects.ts';
import { templateAnnotations, waitForPodsOf, workload } from './workloads.ts';

const POLICY = join(import.meta.dirname, '../../deploy/kustomize/final-state-policy');
const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/jwt-injector';
const TOKEN = { [KEYS.token]: 'my-jwt' };

function pod(annotations: Json = {}, spec: Json = {}): Json {
  const containers = [{ name: 'app', image: 'busybox' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations },
    spec: { containers, ...spec },
  };
}

describe('an outage of the webhook on a real control plane', { concurrency: false }, () => {
  let stage: AdmissionStage;
  let audit: Audit;
  before(async () => {
    stage = await borrowAdmissionStage();
    audit = await openAudit(stage.cluster);
    await stage.createNamespace('outage');
    await stage.createNamespace('outage-labelled', { [KEYS.token]: 'ns-jwt' });
    await waitForPods(stage, 'outage-labelled', pod(), ({ body }) => readInjection(body).volumes.length > 0);
    for (const name of ['forgotten', 'remembered', 'debugged']) {
      const annotations = name === 'remembered' ? TOKEN : {};
      const template = name === 'debugged' ? TOKEN : undefined;
      await stage.create('outage', workload('Deployment', { name, annotations, template }));
      await waitForPodsOf(stage, 'outage', `app=${name}`);
    }
    await stage.service().stop();
  });
  after(() => stage.stop());

  const annotate = async (name: string, annotations: Json): Promise<Loose> => {
    const answer = await stage.patch('outage', 'Deployment', name, { metadata: { annotations } });
    assert.equal(answer.status, 200, answer.body.message);
    return templateAnnotations(answer.body);
  };

  /** The ReplicaSet that waits for its pods. */
  let waiting: string;
  /** As in docs/install.md. */
  const tryAgain = async (): Promise<void> => {
    const args = ['annotate', 'rs', waiting, `tried-again=${Date.now()}`, '--overwrite'];
    const { code, stderr } = await stage.kubectl('outage', args);
    assert.deepEqual([code, stderr], [0, '']);
  };

  describe('while the webhook is down', () => {
    it('an annotated Deployment waits for its pods, and its ReplicaSet says why', async () => {
      const created = await stage.create(
        'outage',
        workload('Deployment', { name: 'waiting', template: TOKEN }),
      );
      assert.deepEqual([created.status, created.warnings], [201, []]);
      const event = await waitUntil('an event', 60_000, async () => {
        const events = await stage.objects.list('events', 'outage');
        return events.find(
          ({ reason, regarding }) => reason === 'FailedCreate' && regarding.name.startsWith('waiting-'),
        );
      });
      assert.equal(event.regarding.kind, 'ReplicaSet');
      assert.match(event.note, /failed calling webhook "pods\.tokens\.osg-htc\.org": .*connection refused/);
      waiting = event.regarding.name;
    });

    it('the creator of an annotated pod gets an error at once', async () => {
      const { code, stderr } = await stage.kubectl('outage', ['create', '-f', '-'], pod(TOKEN));
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^Error from server \(InternalError\): .*failed calling webhook "pods\.tokens\.osg-htc\.org"/,
      );
    });

    it('every other pod is made as usual', async () => {
      await stage.create('outage', workload('Deployment', { name: 'other' }));
      const [made] = await waitForPodsOf(stage, 'outage', 'app=other');
      assert.deepEqual(readInjection(made).volumes, []);
      const others: readonly [string, Json][] = [
        ['outage', pod()],
        ['outage', pod({ ...TOKEN, [KEYS.inject]: 'false' })],
        ['outage', pod({ ...TOKEN, 'kubernetes.io/config.mirror': 'x' }, { nodeName: 'node' })],
        ['kube-system', pod(TOKEN)],
        ['outage-labelled', pod({ [KEYS.inject]: 'false' })],
      ];
      for (const [namespace, object] of others) {
        const { status, warnings } = await stage.create(namespace, object, 'dryRun');
        assert.deepEqual([status, warnings], [201, []], JSON.stringify(object));
      }
    });

    it('in a namespace with a default every pod asks for its token, so every pod waits', async () => {
      const { status, body } = await stage.create('outage-labelled', pod(), 'dryRun');
      assert.equal(status, 500);
      assert.match(body.message, /failed calling webhook "namespace-default\.tokens\.osg-htc\.org"/);
    });

    it('kubectl debug works, without the token', async () => {
      const [injected] = await waitForPodsOf(stage, 'outage', 'app=debugged');
      const args = [...DEBUG, injected.metadata.name, '--container=debugger'];
      const { code, stderr } = await stage.kubectl('outage', args);
      assert.deepEqual([code, stderr], [0, '']);
      const debugged = await stage.objects.get('pods', 'outage', injected.metadata.name);
      const { containers } = injectionOf('my-jwt', 'app');
      assert.deepEqual(readInjection(debugged).containers, { ...containers, debugger: [] });
    });

    it('workloads are written as usual; the changes of their templates have to wait', async () => {
      assert.equal(await annotate('forgotten', TOKEN), undefined);
      const stays = await annotate('remembered', { [KEYS.token]: null });
      assert.equal(stays[KEYS.token], 'my-jwt');
    });
  });

  it('after a change of the ReplicaSet its pods are created again at once, for any waiting time of its controller', async () => {
    const triedAt = async (): Promise<readonly number[]> =>
      (await audit.events())
        .filter(({ user, objectRef, responseStatus }) => {
          const isController = user.username.endsWith(':replicaset-controller');
          return isController && objectRef.namespace === 'outage' && responseStatus.code === 500;
        })
        .map(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp));
    const gaps = async (): Promise<readonly number[]> =>
      (await triedAt()).map((time, index, times) => time - (times[index - 1] ?? time));
    await waitUntil('the controller to wait', 60_000, async () => ((await gaps()).at(-1) ?? 0) > 500);
    // Without help, each wait is twice the one before. On a busy machine, the change can be too late to have
    // an effect.
    await waitUntil('an attempt sooner than that', 60_000, async () => {
      const { length } = await triedAt();
      await tryAgain();
      await waitUntil('an attempt', 60_000, async () => (await triedAt()).length > length);
      return (await gaps()).some(
        (gap, index, all) => (all[index - 1] ?? 0) > 500 && gap < (all[index - 1] ?? 0),
      );
    });
  });

  describe('when the webhook is back', () => {
    before(async () => {
      await stage.startService();
      await tryAgain();
    });

    it('the waiting pods are created and injected', async () => {
      const pods = await waitForPodsOf(stage, 'outage', 'app=waiting');
      assert.deepEqual(pods.map(readInjection), [injectionOf('my-jwt', 'app')]);
    });

    it('the next update of a workload makes the missed changes', async () => {
      assert.equal((await annotate('forgotten', { note: 'x' }))[KEYS.token], 'my-jwt');
      assert.equal(await annotate('remembered', { note: 'x' }), undefined);
    });
  });

  it('if the API server refuses the certificate, the log of the webhook names the caBundle without its CA', async () => {
    const { certificate } = await createCertificateAuthority('another');
    const { webhooks } = (await stage.api.ask('GET', CONFIGURATION)).body;
    const caBundle = Buffer.from(certificate).toString('base64');
    const changed = webhooks.map((entry: Loose) => ({
      ...entry,
      clientConfig: { ...entry.clientConfig, caBundle },
    }));
    await stage.api.ask('PATCH', CONFIGURATION, { webhooks: changed });
    try {
      const { body } = await waitForPods(stage, 'outage', pod(TOKEN), ({ status }) => status === 500);
      assert.match(body.message, /certificate signed by unknown authority/);
      const line = await stage
        .service()
        .waitForLog(({ msg }) => String(msg).startsWith('a client refuses our certificate: '));
      assert.match(String(line['msg']), /: the caBundle of the webhook configurations must hold its CA$/);
    } finally {
      await stage.api.ask('PATCH', CONFIGURATION, { webhooks });
      await waitForPods(stage, 'outage', pod(TOKEN), ({ status }) => status === 201);
    }
  });

  describe('the final-state policy', () => {
    const shown = { name: 'mine', secret: { secretName: 'my-jwt', items: [{ key: 'token', path: 't' }] } };
    const hidden = { name: 'mine', secret: { secretName: 'my-jwt', items: [{ key: 'x', path: 'token' }] } };
    const projected = { name: 'mine', projected: { sources: [{ secret: { name: 'my-jwt' } }] } };
    /** An object that asks for a token, and whether it already has the volume without our webhook. */
    const cases: readonly [string, string, Json, 'complete' | 'bare'][] = [
      ['no annotation', 'outage', pod(), 'complete'],
      ['a token and no volume', 'outage', pod(TOKEN), 'bare'],
      ['a token and its volume', 'outage', pod(TOKEN, { volumes: [shown] }), 'complete'],
      ['a token and a projected volume', 'outage', pod(TOKEN, { volumes: [projected] }), 'complete'],
      ['a token and a volume without it', 'outage', pod(TOKEN, { volumes: [hidden] }), 'bare'],
      ['one of two tokens', 'outage', pod({ [KEYS.token]: 'my-jwt,, b ' }, { volumes: [shown] }), 'bare'],
      ['a token in white space', 'outage', pod({ [KEYS.token]: '\u0085my-jwt\u2028\u00a0' }), 'bare'],
      [
        'inject "false" in white space',
        'outage',
        pod({ ...TOKEN, [KEYS.inject]: '\u0085false\u0085' }),
        'complete',
      ],
      ['inject "false"', 'outage', pod({ ...TOKEN, [KEYS.inject]: ' false' }), 'complete'],
      ['an empty token', 'outage', pod({ [KEYS.token]: ' ,' }), 'complete'],
      ['the namespace’s token', 'outage-labelled', pod(), 'bare'],
      ['the namespace’s token, as its own is empty', 'outage-labelled', pod({ [KEYS.token]: '' }), 'bare'],
      [
        'its own token in a namespace with another',
        'outage-labelled',
        pod(TOKEN, { volumes: [shown] }),
        'complete',
      ],
      ['no annotation, in kube-system', 'kube-system', pod(TOKEN), 'complete'],
    ];
    const DENIED =
      /ValidatingAdmissionPolicy 'jwt-injector-final-state' .* denied request: the pod asks for the token "/;
    before(async () => {
      await stage.kubectl('outage', ['apply', '--server-side', '-k', POLICY]);
    });

    it('compiles, and its types fit those of the API server', async () => {
      const path =
        '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/jwt-injector-final-state';
      const policy = await waitUntil('the policy to be checked', 60_000, async () => {
        const { body } = await stage.api.ask('GET', path);
        return body.status?.observedGeneration === body.metadata?.generation && body;
      });
      assert.deepEqual(policy.status.typeChecking, {});
    });

    it('refuses nothing while the webhook works', async () => {
      for (const [title, namespace, object] of cases) {
        const { status, body } = await stage.create(namespace, object, 'dryRun');
        assert.equal(status, 201, `${title}: ${body.message}`);
      }
    });

    it('is evaluated after the refusal of a name with a character that does not count as white space', async () => {
      const { status, body } = await stage.create('outage', pod({ [KEYS.token]: 'my-jwt\uFEFF' }), 'dryRun');
      assert.equal(status, 400);
      assert.match(body.message, /is not a valid token name: the closest valid one is "my-jwt"$/);
    });

    it('refuses pods without their volume once the webhook configuration is gone, and says what to do', async () => {
      await stage.api.ask('DELETE', CONFIGURATION);
      const { body } = await waitForPods(stage, 'outage', pod(TOKEN), ({ status }) => status === 403);
      assert.match(body.message, DENIED);
      assert.match(
        body.message,
        /"my-jwt" .*kubectl get mutatingwebhookconfiguration jwt-injector.*inject: "false"$/,
      );
      for (const [title, namespace, object, carries] of cases) {
        const { status, body: said } = await stage.create(namespace, object, 'dryRun');
        assert.equal(status, carries === 'complete' ? 201 : 403, `${title}: ${said.message}`);
        if (status === 403) assert.match(said.message, DENIED);
      }
      const [, , second] = cases.find(([title]) => title === 'one of two tokens') ?? [];
      const missing = await stage.create('outage', second ?? {}, 'dryRun');
      assert.match(missing.body.message, /the token "b"/);
    });

    it('reports in an event of the ReplicaSet, where users look', async () => {
      await stage.create('outage', workload('ReplicaSet', { name: 'bare', template: TOKEN }));
      await waitUntil('an event', 60_000, async () => {
        const events = await stage.objects.list('events', 'outage');
        return events.some(({ regarding, note }) => regarding.name === 'bare' && DENIED.test(note));
      });
    });

    it('refuses no pod any more after it is deleted with the documented command, which can run twice', async () => {
      for (const _ of ['once', 'twice']) {
        const deleting = ['delete', '-k', POLICY, '--ignore-not-found'];
        assert.equal((await stage.kubectl('outage', deleting)).code, 0);
      }
      await waitForPods(stage, 'outage', pod(TOKEN), ({ status }) => status === 201);
    });
  });
});
