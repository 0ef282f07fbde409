import assert from 'node:assert/strict';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { NamespaceDefaultLookup } from '../../src/server/look-up-within.ts';
import { annotatedPod, at, container, KEYS, type Json } from '../admission/pods.ts';
import { reviewText } from './reviews.ts';
import { withWebhook, type StartedWebhook } from './started-webhook.ts';

async function responseTo({ send }: StartedWebhook, request: Json, path = '/mutate/pods'): Promise<Json> {
  const reply = await send(path, reviewText(request));
  assert.equal(reply.status, 200);
  return Object(at(JSON.parse(reply.text), 'response'));
}

const BARE = { metadata: { generateName: 'web-' }, spec: { containers: [container()] } };
const DEPLOYMENT = {
  resource: { group: 'apps', resource: 'deployments' },
  kind: { kind: 'Deployment' },
  object: {
    metadata: { annotations: { [KEYS.envVar]: 'X' } },
    spec: { template: { spec: { containers: [container()] } } },
  },
};
const DEBUG = {
  operation: 'UPDATE',
  subResource: 'ephemeralcontainers',
  object: { metadata: {}, spec: { ephemeralContainers: [container('debugger')] } },
};

describe('the log of a decision', () => {
  it('is one line with user, object and reason, never with the object’s content', async () => {
    await withWebhook({}, async (started) => {
      const owner = { kind: 'ReplicaSet', name: 'web-1', controller: true };
      const object = {
        metadata: {
          generateName: 'web-',
          namespace: 'other',
          ownerReferences: [owner],
          annotations: { [KEYS.token]: 'my-jwt' },
        },
        spec: { containers: [container('app', { env: [{ name: 'PASSWORD', value: 'hunter2' }] })] },
      };
      started.lines.length = 0;
      await responseTo(started, { object, dryRun: true });
      assert.equal(started.lines.length, 1);
      const { time, ...line } = started.lines[0] ?? {};
      assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      assert.deepEqual(line, {
        level: 'info',
        namespace: 'ns',
        generateName: 'web-',
        kind: 'Pod',
        objectNamespace: 'other',
        owner: 'ReplicaSet/web-1',
        decision: 'inject',
        reason: 'Injected',
        uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
        dryRun: true,
        msg: 'my-jwt injected into 1 container',
      });
    });
  });

  it('is complete without a name and a namespace in the object', async () => {
    await withWebhook({}, async (started) => {
      const object = {
        ...annotatedPod(),
        metadata: { generateName: 'web-', annotations: { [KEYS.token]: 'x' } },
      };
      assert.ok((await responseTo(started, { object, namespace: 'real' }))['patch']);
      assert.equal(started.lines.at(-1)?.['generateName'], 'web-');
      assert.equal(started.lines.at(-1)?.['namespace'], 'real');
      assert.ok((await responseTo(started, { object, namespace: undefined }))['patch']);
    });
  });

  it('uses the namespace of the request', async () => {
    await withWebhook({}, async (started) => {
      const object = {
        ...annotatedPod(),
        metadata: { namespace: 'kube-system', annotations: { [KEYS.token]: 'x' } },
      };
      assert.ok((await responseTo(started, { object, namespace: 'real' }))['patch']);
    });
  });

  it('has the trace if the API server sends one', async () => {
    await withWebhook({}, async ({ send, lines }) => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const headers = { 'content-type': 'application/json' };
      await send('/mutate/pods', reviewText(), { headers: { ...headers, traceparent } });
      const ids = (line = lines.at(-1)): unknown[] => [
        line?.['reason'],
        line?.['trace_id'],
        line?.['span_id'],
      ];
      assert.deepEqual(ids(), ['Injected', '4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']);
      await send('/mutate/pods', reviewText(), { headers: { ...headers, traceparent: 'x'.repeat(500) } });
      assert.deepEqual(ids(), ['Injected', undefined, undefined]);
      assert.ok(!Object.hasOwn(lines.at(-1) ?? {}, 'trace_id'));
    });
  });

  it('has its series of internal errors from the start, so that an alert sees the first of them', async () => {
    await withWebhook({}, async ({ metrics }) => {
      const text = await readText(metrics.scrape());
      for (const decision of ['deny', 'skip']) {
        const series = `jwt_injector_admission_decisions_total{decision="${decision}",reason="InternalError"} 0`;
        assert.ok(text.split('\n').includes(series), series);
      }
    });
  });

  it('is counted by the metrics, seen through a scrape', async () => {
    await withWebhook({}, async (started) => {
      await responseTo(started, {});
      await responseTo(started, { object: annotatedPod({}, { [KEYS.inject]: 'x' }) });
      const text = await readText(started.metrics.scrape());
      assert.match(
        text,
        /^jwt_injector_admission_decisions_total\{decision="inject",reason="Injected"\} 1$/m,
      );
      assert.match(
        text,
        /^jwt_injector_admission_decisions_total\{decision="deny",reason="InvalidAnnotation"\} 1$/m,
      );
      assert.match(text, /^jwt_injector_admission_duration_seconds_count 2$/m);
      assert.match(text, /^jwt_injector_admission_duration_seconds_bucket\{le="1"\} 2$/m);
      assert.match(text, /^jwt_injector_certificate_expiration_timestamp_seconds \d{10}/m);
    });
  });
});

describe('the namespace’s default', () => {
  const asked: string[] = [];
  const lookUpDefault: NamespaceDefaultLookup = async (namespace) => {
    asked.push(namespace);
    return { known: true, token: 'ns-jwt' };
  };

  it('is only read if a pod names no token', async () => {
    await withWebhook({ lookUpDefault }, async (started) => {
      await responseTo(started, {});
      await responseTo(started, {
        object: { ...BARE, metadata: { annotations: { [KEYS.inject]: 'false' } } },
      });
      await responseTo(started, { object: BARE, namespace: 'kube-system' });
      await responseTo(started, { object: BARE, operation: 'UPDATE' });
      assert.deepEqual(asked, []);
      const response = await responseTo(started, { object: BARE });
      assert.deepEqual(asked, ['ns']);
      assert.match(Buffer.from(String(response['patch']), 'base64').toString(), /"secretName":"ns-jwt"/);
    });
  });

  const unknown: readonly [string, NamespaceDefaultLookup][] = [
    ['cannot be had', async () => ({ known: false })],
    ['does not come before the deadline', () => Promise.withResolvers<never>().promise],
  ];
  for (const [title, lookUp] of unknown) {
    it(`that ${title} refuses a pod with "try again", and nothing else`, async () => {
      await withWebhook({ lookUpDefault: lookUp }, async (started) => {
        const path = '?timeout=20ms';
        const pod = await responseTo(started, { object: BARE }, `/mutate/pods${path}`);
        assert.deepEqual([pod['allowed'], at(pod, 'status', 'reason')], [false, 'InternalError']);
        assert.match(
          String(at(pod, 'status', 'message')),
          /label .*token of namespace "ns" could not be read: try again$/,
        );
        const debug = await responseTo(started, DEBUG, `/mutate/pods${path}`);
        assert.deepEqual([debug['allowed'], Object(debug['warnings']).length], [true, 1]);
        const workload = await responseTo(started, DEPLOYMENT, `/mutate/workloads${path}`);
        assert.ok(workload['allowed'] === true && workload['patch'] !== undefined);
      });
    });
  }

  it('that causes an internal error refuses pods and allows others with a warning, and the process continues', async () => {
    const broken: NamespaceDefaultLookup = () => {
      throw new TypeError('a secret detail');
    };
    await withWebhook({ lookUpDefault: broken }, async (started) => {
      const pod = await responseTo(started, { object: BARE });
      assert.deepEqual(
        [pod['allowed'], at(pod, 'status', 'code'), at(pod, 'status', 'reason')],
        [false, 500, 'InternalError'],
      );
      assert.deepEqual(pod['auditAnnotations'], { decision: 'deny', reason: 'InternalError' });
      for (const [request, path] of [
        [DEBUG, '/mutate/pods'],
        [DEPLOYMENT, '/mutate/workloads'],
      ] as const) {
        const response = await responseTo(started, request, path);
        assert.deepEqual([response['allowed'], Object(response['warnings']).length], [true, 1]);
      }
      assert.doesNotMatch(JSON.stringify(pod), /secret detail/);
      assert.ok((await responseTo(started, {}))['patch']);
    });
  });
});

describe('the path of the JWTs', () => {
  it('answers with the given function, and refuses if that throws', async () => {
    const texts = {
      decision: 'deny',
      reason: 'KeyUnreadable',
      message: 'no',
      warnings: ['w'],
      patch: '',
    } as const;
    await withWebhook({ validateJwt: () => ({ allowed: false, ...texts }) }, async (started) => {
      const response = await responseTo(started, {}, '/validate/jwts');
      assert.deepEqual(
        [response['allowed'], response['warnings'], at(response, 'status', 'code')],
        [false, ['w'], 400],
      );
    });
    const broken = () => {
      throw new Error('x');
    };
    await withWebhook({ validateJwt: broken }, async (started) => {
      assert.equal(at(await responseTo(started, {}, '/validate/jwts'), 'status', 'code'), 500);
    });
  });
});
