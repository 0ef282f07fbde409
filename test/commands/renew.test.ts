import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isServed, newRequest } from '../../src/commands/renew/renew-request.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import { RENEW } from '../../src/resources/names.ts';
import { makeJwt, wireJwt } from '../fixtures/jwts.ts';
import { refuse } from '../kube/bad-server.ts';
import { runCommand } from './captured-io.ts';
import { startStoredApi, type StoredApi } from './stored-api.ts';

describe('renew:', () => {
  for (const args of [
    [],
    ['a', 'b'],
    ['a', '--timeout', 'soon'],
    ['a', '-o', 'table'],
    ['a', '-A'],
    ['a', '--prompt', '--no-wait'],
  ]) {
    it(`wrong usage (${args.join(' ')}) ends with exit code 2 and the ways to call it`, async () => {
      const { code, out, err } = await runCommand(renewCommand, args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: .*\n\nUsage: jwt-injector renew NAME/s);
    });
  }

  it('--help explains, with exit code 0', async () => {
    const { code, out } = await runCommand(renewCommand, ['-h']);
    assert.equal(code, 0);
    assert.match(out, /^Usage: jwt-injector renew NAME/);
  });
});

const JWT = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';

describe('renew of a JWT that is deleted while it waits', () => {
  for (const [title, replace, says] of [
    ['ends at once', (api: StoredApi) => api.objects.delete(JWT), 'was deleted meanwhile'],
    [
      'ends at once, too, if it is created again, with whatever token',
      (api: StoredApi) =>
        api.objects.set(JWT, wireJwt({}, { metadata: { uid: 'another' }, status: { lastRenew: 'x' } })),
      'was deleted and created again meanwhile',
    ],
  ] as const) {
    it(title, async () => {
      await using api = await startStoredApi();
      api.objects.set(JWT, wireJwt());
      api.follow = () => setImmediate(() => replace(api));
      const { code, out, err } = await api.run(renewCommand, 'my-jwt', '-n', 'science', '--timeout', '20s');
      assert.deepEqual([code, out, err], [1, '', `error: JWT science/my-jwt ${says}\n`]);
    });
  }
});

describe('renew --prompt', () => {
  const PODS = '/api/v1/namespaces/science/pods';
  const pod = (name: string, secretName: string) => ({
    metadata: { name, namespace: 'science' },
    spec: {
      nodeName: 'node',
      containers: [{ name: 'main', volumeMounts: [{ name: 'token', mountPath: '/token' }] }],
      volumes: [{ name: 'token', secret: { secretName } }],
    },
  });

  /** Renews a JWT whose token two pods mount. Requests with this method are answered with this status. */
  async function prompt(
    method: string,
    status: number,
    atPath: (path: string) => boolean,
    ...flags: readonly string[]
  ) {
    await using api = await startStoredApi();
    api.objects.set(JWT, wireJwt());
    for (const name of ['a', 'b']) api.objects.set(`${PODS}/${name}`, pod(name, 'my-jwt'));
    api.objects.set(`${PODS}/c`, pod('c', 'other'));
    api.follow = (object) => {
      const lastRenew = object.metadata.annotations?.[RENEW];
      if (lastRenew !== undefined) object.status = { ...object.status, lastRenew };
    };
    api.interfere = (request, response) => {
      if (request.method !== method || !atPath(request.path)) return undefined;
      refuse(response, status, status === 403 ? 'Forbidden' : 'NotFound');
      return 'answered';
    };
    const { code, out, err } = await api.run(renewCommand, 'my-jwt', '-n', 'science', '--prompt', ...flags);
    return { code, out, pods: out.trimEnd().split('\n').at(-1), err };
  }

  it('counts the pods that mount the token', async () => {
    const { code, pods, err } = await prompt('none', 403, () => false);
    assert.deepEqual([code, pods, err], [0, '  2 pods see it within a second or two', '']);
  });

  it('says that it is not known which pods mount it if they cannot be listed', async () => {
    const { code, pods, err } = await prompt('GET', 403, (path) => path === PODS);
    assert.deepEqual([code, pods], [3, '  which pods mount it is not known']);
    assert.match(err, /^error: you are not allowed to list pods in namespace science/);
  });

  it('names the pods that were nudged as JSON, and says how many mount it', async () => {
    const json = async (...args: Parameters<typeof prompt>) => {
      const report = JSON.parse((await prompt(args[0], args[1], args[2], '-o', 'json')).out);
      return [report.prompted, report.mounting];
    };
    assert.deepEqual(await json('none', 403, () => false), [['a', 'b'], 2]);
    assert.deepEqual(await json('PATCH', 403, (path) => path === `${PODS}/a`), [['b'], 2]);
    assert.deepEqual(await json('PATCH', 404, (path) => path.startsWith(PODS)), [[], 0]);
    assert.deepEqual(await json('GET', 403, (path) => path === PODS), [undefined, undefined]);
  });

  it('says how many were not nudged', async () => {
    const none = await prompt('PATCH', 403, (path) => path.startsWith(PODS));
    assert.deepEqual([none.code, none.pods], [3, '  0 pods see it within a second or two, 2 within 90 s']);
    assert.match(none.err, /^error: .* to change pods in namespace science .*\n$/);
    const one = await prompt('PATCH', 403, (path) => path === `${PODS}/a`);
    assert.deepEqual([one.code, one.pods], [3, '  1 pod sees it within a second or two, 1 within 90 s']);
  });

  it('does not count a pod that is gone meanwhile', async () => {
    const { code, pods, err } = await prompt('PATCH', 404, (path) => path.startsWith(PODS));
    assert.deepEqual([code, pods, err], [0, '  no running pod mounts it', '']);
  });
});

describe('a request for a new token', () => {
  const jwt = (asked: string | undefined, served: string | undefined) =>
    makeJwt(
      {},
      {
        metadata: { annotations: asked === undefined ? {} : { [RENEW]: asked } },
        status: served === undefined ? {} : { lastRenew: served },
      },
    );
  const before = jwt('2', '1'); // requested but not served yet

  it('is served by a token for it, or for one that replaced it', () => {
    assert.ok(isServed('3', before, jwt('3', '3')));
    assert.ok(isServed('3', before, jwt('4', '3')));
    assert.ok(isServed('3', before, jwt('4', '4')), 'another renew was a moment later');
    assert.ok(isServed('3', jwt(undefined, undefined), jwt('4', '4')));
  });

  it('is not served by a token that others had requested earlier', () => {
    for (const served of ['1', '2', undefined]) assert.ok(!isServed('3', before, jwt('3', served)));
    assert.ok(!isServed('3', jwt(undefined, undefined), jwt('3', undefined)));
  });

  it('has a unique value, also at the same time as another one', () => {
    const now = Date.parse('2026-01-01T00:00:00.007Z');
    const requests = new Set(Array.from({ length: 20 }, () => newRequest(now)));
    assert.ok(requests.size > 10);
    for (const request of requests) assert.match(request, /^2026-01-01T00:00:00\.007\d{3}Z$/);
  });
});
