import assert from 'node:assert/strict';
import { request as startRequest } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { waitUntil } from '../controlplane/wait-until.ts';
import { annotatedPod, at, container, KEYS, type Json } from '../admission/pods.ts';
import { reviewText } from './reviews.ts';
import {
  countDecisions,
  startWebhook,
  withWebhook,
  type SendOptions,
  type StartedWebhook,
} from './started-webhook.ts';

let started: StartedWebhook;
before(async () => {
  started = await startWebhook();
});
after(() => started.stop());

const JSON_TYPE = { 'content-type': 'application/json' };

/** Requests that are not reviews: the HTTP status, and the reason in the Status object. */
const REFUSED: readonly {
  title: string;
  body?: string | Buffer;
  path?: string;
  options?: SendOptions;
  status: number;
  message: RegExp;
}[] = [
  { title: 'an empty body', body: '', status: 400, message: /not valid JSON/ },
  { title: '{}', body: '{}', status: 400, message: /unsupported AdmissionReview/ },
  { title: 'request: null', body: reviewText({}, { request: null }), status: 400, message: /no request$/ },
  ...['[]', '"x"', '7', 'null', 'true'].map((body) => ({
    title: body,
    body,
    status: 400,
    message: /not a JSON object/,
  })),
  { title: 'malformed JSON', body: '{"kind":', status: 400, message: /^the body is not valid JSON$/ },
  {
    title: 'no content type',
    body: reviewText(),
    options: { headers: {} },
    status: 415,
    message: /application\/json/,
  },
  {
    title: 'text/plain',
    body: reviewText(),
    options: { headers: { 'content-type': 'text/plain' } },
    status: 415,
    message: /application\/json/,
  },
  {
    title: 'a gzip body',
    body: gzipSync(reviewText()),
    options: { headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
    status: 415,
    message: /without content-encoding/,
  },
  {
    title: 'more than 8 MiB',
    body: reviewText({ x: 'x'.repeat(8 * 1024 * 1024) }),
    status: 413,
    message: /larger than 8 MiB/,
  },
  {
    title: 'v1beta1',
    body: reviewText({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
    status: 400,
    message: /unsupported AdmissionReview: .* admission.k8s.io\/v1 only/,
  },
  {
    title: 'v2',
    body: reviewText({}, { apiVersion: 'admission.k8s.io/v2' }),
    status: 400,
    message: /unsupported/,
  },
  { title: 'another kind', body: reviewText({}, { kind: 'Pod' }), status: 400, message: /unsupported/ },
  { title: 'no uid', body: reviewText({ uid: undefined }), status: 400, message: /no request.uid/ },
  { title: 'an empty uid', body: reviewText({ uid: '' }), status: 400, message: /no request.uid/ },
  {
    title: 'a uid that is not a string',
    body: reviewText({ uid: 7 }),
    status: 400,
    message: /no request.uid/,
  },
  {
    title: 'an unknown path',
    path: '/mutate/nodes',
    body: reviewText(),
    status: 404,
    message: /no such path/,
  },
  {
    title: 'a path below ours',
    path: '/mutate/pods/x',
    body: reviewText(),
    status: 404,
    message: /no such path/,
  },
  {
    title: 'the JWT path while nothing validates',
    path: '/validate/jwts',
    body: reviewText(),
    status: 404,
    message: /no/,
  },
  { title: 'GET', options: { method: 'GET', headers: {} }, status: 405, message: /send a POST/ },
  { title: 'PUT', body: reviewText(), options: { method: 'PUT' }, status: 405, message: /send a POST/ },
  { title: 'DELETE', options: { method: 'DELETE', headers: {} }, status: 405, message: /send a POST/ },
];

describe('a request that is not a review gets an HTTP error:', () => {
  for (const { title, body, path = '/mutate/pods', options, status, message } of REFUSED) {
    it(title, async () => {
      const reply = await started.send(path, body, options);
      assert.equal(reply.status, status);
      const answer: Json = JSON.parse(reply.text);
      assert.deepEqual([answer['kind'], answer['code']], ['Status', status]);
      assert.match(String(answer['message']), message);
      assert.equal(reply.headers.allow, status === 405 ? 'POST' : undefined);
      assert.doesNotMatch(reply.text, /at .*\.ts|node:internal/);
    });
  }

  it('and the process continues', async () => {
    assert.equal((await started.send('/mutate/pods', reviewText())).status, 200);
  });
});

interface Response extends Json {
  readonly uid?: string;
}

async function responseTo(request: Json, path = '/mutate/pods', options?: SendOptions): Promise<Response> {
  const reply = await started.send(path, reviewText(request), options);
  assert.equal(reply.status, 200);
  assert.match(reply.headers['content-type'] ?? '', /^application\/json/);
  const answer: Json = JSON.parse(reply.text);
  assert.deepEqual([answer['apiVersion'], answer['kind']], ['admission.k8s.io/v1', 'AdmissionReview']);
  return Object(answer['response']);
}

function patchOf(response: Json): unknown {
  return JSON.parse(Buffer.from(String(response['patch']), 'base64').toString());
}

describe('an accepted review', () => {
  it('gets a patch, its type, and the audit annotations', async () => {
    const response = await responseTo({});
    assert.deepEqual(Object.keys(response).toSorted(), [
      'allowed',
      'auditAnnotations',
      'patch',
      'patchType',
      'uid',
    ]);
    assert.equal(response['uid'], '705ab4f5-6393-11e8-b7cc-42010a800002');
    assert.equal(response['patchType'], 'JSONPatch');
    assert.deepEqual(response['auditAnnotations'], { decision: 'inject', reason: 'Injected' });
    assert.equal(Object.keys(Object(patchOf(response))).length, 3);
  });

  it('may have a charset in its content type', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    assert.equal((await responseTo({}, '/mutate/pods', { headers }))['allowed'], true);
  });

  it('may have 7 MiB', async () => {
    const object = { ...annotatedPod(), padding: 'x'.repeat(7 * 1024 * 1024) };
    assert.ok((await responseTo({ object }))['patch']);
  });

  it('may have an answer of 700 KB, which ends its connection, as Node keeps the buffer for it until then', async () => {
    const containers = Array.from({ length: 2_000 }, (_, number) => ({ name: `c${number}` }));
    const body = reviewText({ object: { ...annotatedPod(), spec: { containers } } });
    const large = await started.send('/mutate/pods', body);
    assert.ok(large.text.length > 500_000, `${large.text.length} bytes`);
    const patch = JSON.stringify(patchOf(Object(JSON.parse(large.text).response)));
    assert.equal(patch.match(/"mountPath"/g)?.length, 2_000);
    const usual = await started.send('/mutate/pods', reviewText());
    assert.deepEqual([large.headers.connection, usual.headers.connection], ['close', 'keep-alive']);
  });

  it('may have the timeout that the API server appends', async () => {
    assert.ok((await responseTo({}, '/mutate/pods?timeout=10s'))['patch']);
  });

  it('gets the same answer as a dry run', async () => {
    assert.deepEqual(await responseTo({ dryRun: true }), await responseTo({}));
  });

  it('gets no patch and no patch type if nothing has to be done', async () => {
    const response = await responseTo({ object: { metadata: {}, spec: { containers: [container()] } } });
    assert.deepEqual(Object.keys(response), ['uid', 'allowed', 'auditAnnotations']);
  });

  it('gets a refusal as 200, not allowed, 400 BadRequest with the remedy', async () => {
    const response = await responseTo({ object: annotatedPod({}, { [KEYS.token]: 'My_JWT' }) });
    assert.equal(response['allowed'], false);
    assert.deepEqual([at(response, 'status', 'code'), at(response, 'status', 'reason')], [400, 'BadRequest']);
    assert.match(String(at(response, 'status', 'message')), /the closest valid one is "my-jwt"/);
    assert.equal(response['patch'], undefined);
  });

  it('gets warnings', async () => {
    const response = await responseTo({ object: annotatedPod({}, { [KEYS.mountPath]: '' }) });
    assert.deepEqual(response['warnings'], [`annotation ${KEYS.mountPath} is empty: it counts as not set`]);
  });

  it('gets the same bytes as the same request before, also at the same time', async () => {
    const replies = await Promise.all(
      Array.from({ length: 16 }, () => started.send('/mutate/pods', reviewText())),
    );
    assert.equal(new Set(replies.map(({ text }) => text)).size, 1);
  });

  it('of a workload gets a patch of its template', async () => {
    const metadata = { annotations: { [KEYS.token]: 'my-jwt' } };
    const object = { metadata, spec: { template: { spec: { containers: [container()] } } } };
    const resource = { group: 'apps', version: 'v1', resource: 'deployments' };
    const response = await responseTo(
      { object, resource, kind: { group: 'apps', version: 'v1', kind: 'Deployment' } },
      '/mutate/workloads',
    );
    assert.equal(at(patchOf(response), 0, 'path'), '/spec/template/metadata');
  });
});

describe('a review that leads to nothing is allowed without a patch:', () => {
  const object = annotatedPod();
  const cases: readonly [string, Json][] = [
    ['DELETE', { operation: 'DELETE', object: null, oldObject: object }],
    ['CONNECT', { operation: 'CONNECT', object: { kind: 'PodExecOptions' }, subResource: 'exec' }],
    ['UPDATE of a running pod', { operation: 'UPDATE', oldObject: object }],
    ['the status subresource, UPDATE', { operation: 'UPDATE', subResource: 'status' }],
    ['the status subresource, CREATE', { subResource: 'status' }],
    ['binding', { subResource: 'binding', object: { kind: 'Binding' } }],
    ['eviction', { subResource: 'eviction', object: { kind: 'Eviction' } }],
    ['a Deployment at the pods’ path', { resource: { group: 'apps', resource: 'deployments' } }],
    ['a pod of kube-system', { namespace: 'kube-system' }],
    ['a pod of our own namespace', { namespace: 'jwt-injector' }],
    ['an object that is text', { object: 'pod' }],
  ];
  for (const [title, request] of cases) {
    it(title, async () => {
      const response = await responseTo(request);
      assert.deepEqual([response['allowed'], response['patch']], [true, undefined]);
    });
  }

  it('but a new pod without an object is refused, with a message', async () => {
    for (const missing of [null, undefined]) {
      const response = await responseTo({ object: missing });
      assert.deepEqual([response['allowed'], at(response, 'status', 'code')], [false, 400]);
      assert.match(String(at(response, 'status', 'message')), /has no object/);
    }
  });
});

describe('an answer for which there is no room', () => {
  it('is a refusal, and neither counted nor logged as a decision', async () => {
    await withWebhook(
      { limits: { asking: 600_000 } },
      async ({ port, certificate, lines, metrics, send }) => {
        const spec = { containers: Array.from({ length: 100 }, (_, index) => container(`c${index}`)) };
        const path = Array.from({ length: 20 }, () => `/${'x'.repeat(200)}`).join('');
        const review = reviewText({ object: annotatedPod(spec, { [KEYS.mountPath]: path }) }); // an answer of more than 1 MiB
        using crowd = new DisposableStack();
        // All 64 MiB are reserved by bodies that never arrive, each from an address of its own.
        for (let last = 1; last <= 64; last += 1) {
          const headers = { ...JSON_TYPE, 'content-length': 1024 * 1024 };
          const from = { localAddress: `127.0.1.${last}`, agent: false, ca: certificate.cert, headers };
          const waiting = startRequest({
            host: '127.0.0.1',
            port,
            path: '/mutate/pods',
            method: 'POST',
            ...from,
          });
          waiting.on('error', () => {}).flushHeaders();
          crowd.defer(() => waiting.destroy());
        }
        let answered = 0;
        await waitUntil('an answer for which there is no room', 60_000, async () => {
          const { status } = await send('/mutate/pods', review);
          if (status === 200) answered += 1;
          return status === 429;
        });
        assert.deepEqual([await countDecisions(metrics), lines.length], [answered, answered]);
      },
    );
  });
});
