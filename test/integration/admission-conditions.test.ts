import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KEYS, type Json } from '../admission/pods.ts';
import { openAudit, type Audit } from '../controlplane/audit.ts';
import { borrowAdmissionStage, collectionPath, waitForPods, type AdmissionStage } from './admission-stage.ts';
import type { Loose } from './objects.ts';
import { pod, PODS, PODS_WITH_DEFAULT, WORKLOADS, type SentCase } from './sent-objects.ts';
import { workload } from './workloads.ts';

const TOKEN = { [KEYS.token]: 'my-jwt' };

/** The registered entries; everything else is equal in all runs. */
const REGISTERED = [
  ['pods', '/mutate/pods', 'CREATE pods', 'Fail'],
  ['namespace-default', '/mutate/pods', 'CREATE pods', 'Fail'],
  ['ephemeral', '/mutate/pods', 'UPDATE pods/ephemeralcontainers', 'Ignore'],
  [
    'workloads',
    '/mutate/workloads',
    'CREATE UPDATE deployments statefulsets daemonsets replicasets, CREATE UPDATE jobs cronjobs',
    'Ignore',
  ],
];

describe('the requests of the API server to the webhook:', { concurrency: false }, () => {
  let stage: AdmissionStage;
  let audit: Audit;
  let errorsBefore: number;
  before(async () => {
    stage = await borrowAdmissionStage();
    errorsBefore = await stage.conditionErrors();
    audit = await openAudit(stage.cluster);
    await stage.createNamespace('plain');
    await stage.createNamespace('labelled', { [KEYS.token]: 'ns-jwt' });
    await stage.createNamespace('empty-label', { [KEYS.token]: '' });
    const isInjected = ({ body }: Loose): boolean => body.spec.containers[0].env !== undefined;
    await waitForPods(stage, 'labelled', pod({ name: 'p' }), isInjected);
    await stage.newCalls();
  });
  after(() => stage.stop());

  it('the four mutating entries are registered as documented', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/jwt-injector';
    const { webhooks } = (await stage.api.ask('GET', path)).body;
    const rows = webhooks.map(({ name, clientConfig, rules, failurePolicy }: Loose) => [
      name.replace('.tokens.osg-htc.org', ''),
      new URL(clientConfig.url).pathname,
      rules.map(({ operations, resources }: Loose) => [...operations, ...resources].join(' ')).join(', '),
      failurePolicy,
    ]);
    assert.deepEqual(rows, REGISTERED);
    for (const {
      sideEffects,
      timeoutSeconds,
      matchPolicy,
      reinvocationPolicy,
      namespaceSelector,
    } of webhooks) {
      assert.deepEqual(
        [sideEffects, timeoutSeconds, matchPolicy, reinvocationPolicy],
        ['None', 5, 'Equivalent', 'IfNeeded'],
      );
      const [excluded] = namespaceSelector.matchExpressions;
      assert.deepEqual(excluded.values, ['kube-system', 'jwt-injector']);
    }
  });

  it('the validating entry is registered as documented', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/jwt-injector';
    const { webhooks } = (await stage.api.ask('GET', path)).body;
    assert.equal(webhooks.length, 1);
    const [{ name, clientConfig, rules, namespaceSelector, ...entry }] = webhooks;
    assert.equal(name, 'jwts.tokens.osg-htc.org');
    assert.equal(new URL(clientConfig.url).pathname, '/validate/jwts');
    assert.deepEqual(
      rules.map(({ operations, resources }: Loose) => [operations, resources]),
      [[['CREATE', 'UPDATE'], ['jwts']]],
    );
    assert.deepEqual(
      [entry.failurePolicy, entry.sideEffects, entry.timeoutSeconds, entry.matchPolicy],
      ['Ignore', 'None', 5, 'Equivalent'],
    );
    assert.deepEqual(namespaceSelector.matchExpressions[0].values, ['kube-system', 'jwt-injector']);
  });

  const groups: readonly [string, string, readonly SentCase[]][] = [
    ['a new pod with', 'plain', PODS],
    ['in a namespace with a default, a new pod with', 'labelled', PODS_WITH_DEFAULT],
    ['a new', 'plain', WORKLOADS],
  ];
  for (const [what, usual, cases] of groups) {
    for (const { title, namespace = usual, objects, sentTo, status = 201 } of cases) {
      it(`${what} ${title} is ${sentTo === undefined ? 'not sent' : `sent to ${sentTo}, once`}`, async () => {
        for (const object of objects) {
          const answer = await stage.create(namespace, object, 'dryRun');
          assert.equal(answer.status, status, answer.body.message);
        }
        const calls = await stage.newCalls();
        assert.deepEqual(calls, sentTo === undefined ? {} : { [sentTo]: objects.length });
      });
    }
  }

  it('later changes of a pod are not sent, except for ephemeral containers of pods with our annotations or volumes', async () => {
    const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } };
    const volumes = [{ name: 'jwt-x', emptyDir: {} }];
    const pods: readonly [string, Json, Json, Json][] = [
      ['annotated', TOKEN, {}, { ephemeral: 1 }],
      ['with-a-volume', {}, { volumes }, { ephemeral: 1 }],
      ['foreign', { 'example.org/a': 'b' }, { volumes: [{ name: 'not-jwt-x', emptyDir: {} }] }, {}],
    ];
    for (const [name, annotations, spec, expected] of pods) {
      assert.equal((await stage.create('plain', pod({ name, annotations }, spec))).status, 201);
      await stage.newCalls();
      const path = `${collectionPath('plain', 'Pod')}/${name}`;
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { name: 'node' } };
      assert.equal((await stage.api.ask('PATCH', path, { metadata: { labels: { a: 'b' } } })).status, 200);
      assert.equal(
        (await stage.api.ask('PATCH', `${path}/status`, { status: { message: 'a' } })).status,
        200,
      );
      assert.equal((await stage.api.ask('POST', `${path}/binding`, binding)).status, 201);
      assert.deepEqual(await stage.newCalls(), {}, name);
      assert.equal((await stage.api.ask('PATCH', `${path}/ephemeralcontainers`, debug)).status, 200);
      assert.deepEqual(await stage.newCalls(), expected, name);
      assert.equal((await stage.api.ask('DELETE', path)).status, 200);
      assert.deepEqual(await stage.newCalls(), {}, name);
    }
  });

  it('a scale of a workload and a write of its status are not sent, every other update is', async () => {
    const spec = { paused: true, replicas: 0 };
    await stage.create('plain', workload('Deployment', { name: 'scaled', annotations: TOKEN, spec }));
    await stage.newCalls();
    const path = `${collectionPath('plain', 'Deployment')}/scaled`;
    assert.equal((await stage.api.ask('PATCH', `${path}/scale`, { spec: { replicas: 1 } })).status, 200);
    assert.equal((await stage.api.ask('PATCH', `${path}/status`, { status: { replicas: 9 } })).status, 200);
    assert.deepEqual(await stage.newCalls(), {});
    assert.equal((await stage.api.ask('PATCH', path, { metadata: { labels: { a: 'b' } } })).status, 200);
    assert.deepEqual(await stage.newCalls(), { workloads: 1 });
  });

  it('decision and reason are in the log, in the metric and in the API server’s audit log', async () => {
    const metric = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${stage.service().httpPort}/metrics`)).text();
    const cases: readonly [string, Json, string, string][] = [
      ['yes', { [KEYS.token]: 'my-jwt' }, 'inject', 'Injected'],
      ['nothing', { [KEYS.envVar]: 'X' }, 'skip', 'NotRequested'],
      ['wrong', { [KEYS.token]: 'My_JWT' }, 'deny', 'InvalidAnnotation'],
    ];
    for (const [name, annotations, decision, reason] of cases) {
      await stage.create('plain', pod({ name, annotations }), 'dryRun');
      const event = await audit.waitForEvent(({ objectRef }) => objectRef?.name === name);
      const prefix = 'pods.tokens.osg-htc.org';
      const said = [event.annotations[`${prefix}/decision`], event.annotations[`${prefix}/reason`]];
      assert.deepEqual(said, [decision, reason]);
      const line = await stage.service().waitForLog((entry) => entry['name'] === name);
      assert.deepEqual([line['decision'], line['reason']], [decision, reason]);
      const counter = `jwt_injector_admission_decisions_total{decision="${decision}",reason="${reason}"} `;
      assert.ok((await metric()).includes(counter), counter);
    }
  });

  it('no condition failed for any object', async () => {
    assert.equal(await stage.conditionErrors(), errorsBefore);
  });
});
