import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeApiError } from '../../src/commands/cluster/api-errors.ts';
import { isServed, newRequest } from '../../src/commands/renew/renew-request.ts';
import { findService } from '../../src/commands/renew/service-state.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import { RENEW } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { runCommand } from './captured-io.ts';

describe('renew:', () => {
  for (const args of [
    [],
    ['a', 'b'],
    ['a', '--timeout', 'soon'],
    ['a', '-o', 'table'],
    ['a', '-A'],
    ['a', '--prompt', '--no-wait'],
  ]) {
    it(`wrong usage (${args.join(' ')}) ends with exit code 2 and the help`, async () => {
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

describe('a request for a new token', () => {
  const jwt = (asked: string | undefined, served: string | undefined) =>
    makeJwt(
      {},
      {
        metadata: { annotations: asked === undefined ? {} : { [RENEW]: asked } },
        status: served === undefined ? {} : { lastRenew: served },
      },
    );
  const before = jwt('2', '1'); // asked for and not served yet

  it('is served by a token for it, or for one that replaced it', () => {
    assert.ok(isServed('3', before, jwt('3', '3')));
    assert.ok(isServed('3', before, jwt('4', '3')));
    assert.ok(isServed('3', before, jwt('4', '4')), 'another renew was a moment later');
    assert.ok(isServed('3', jwt(undefined, undefined), jwt('4', '4')));
  });

  it('is not served by a token that others had asked for before', () => {
    for (const served of ['1', '2', undefined]) assert.ok(!isServed('3', before, jwt('3', served)));
    assert.ok(!isServed('3', jwt(undefined, undefined), jwt('3', undefined)));
  });

  it('has a value of its own, also at the same instant as another', () => {
    const now = new Date('2026-01-01T00:00:00.007Z');
    const requests = new Set(Array.from({ length: 20 }, () => newRequest(now)));
    assert.ok(requests.size > 10);
    for (const request of requests) assert.match(request, /^2026-01-01T00:00:00\.007\d{3}Z$/);
  });
});

describe('jwt-injector', () => {
  const refuse = (resource: string, status: number, reason: string) =>
    Promise.reject<JsonObject>(
      new KubeError({ verb: 'get', resource, namespace: 'jwt-injector', status, reason }),
    );
  /** The Lease in namespace jwt-injector, for somebody who may not read webhook configurations. */
  const lease = (spec: JsonObject) => installation(spec, undefined, 'jwt-injector');
  const refusal = (status: number, reason: string) => ({
    get: (path: string) =>
      path.includes('/leases/') ? refuse('leases', status, reason) : refuse('any', 403, 'Forbidden'),
  });
  /** `named`: the namespace that the webhook configurations name; `undefined`: they may not be read. */
  const installation = (spec: JsonObject | undefined, named: string | undefined, namespace: string) => ({
    get: (path: string): Promise<JsonObject> => {
      if (path.includes('/admissionregistration.k8s.io/'))
        return named === undefined
          ? refuse('any', 403, 'Forbidden')
          : Promise.resolve({ webhooks: [{ clientConfig: { service: { namespace: named } } }] });
      return spec !== undefined && path.includes(`/namespaces/${namespace}/leases/`)
        ? Promise.resolve({ spec })
        : refuse('leases', 404, 'NotFound');
    },
  });
  const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

  it('runs if its Lease was renewed in time', async () => {
    const { runs } = await findService(
      lease({ holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: ago(3) }),
    );
    assert.equal(runs, true);
  });

  it('is looked for in the namespace that the webhook configurations name, and its leader by the name of its pod', async () => {
    const spec = {
      holderIdentity: 'jwt-injector-controller-5d8f-x2x_6a2f',
      leaseDurationSeconds: 15,
      renewTime: ago(3),
    };
    assert.deepEqual(await findService(installation(spec, 'tokens', 'tokens')), {
      runs: true,
      words:
        'jwt-injector is running, but has not served the request: see the log of its leader (kubectl logs -n tokens jwt-injector-controller-5d8f-x2x)',
    });
    assert.deepEqual(await findService(installation(undefined, 'tokens', 'tokens')), {
      runs: false,
      words: 'jwt-injector is not running, and never was: kubectl get pods -n tokens',
    });
  });

  it('does not run if its Lease was not renewed, or was given back', async () => {
    const late = await findService(
      lease({ holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: ago(120) }),
    );
    assert.deepEqual(late, {
      runs: false,
      words: 'jwt-injector has not been running for 2 min: kubectl get pods -n jwt-injector',
    });
    assert.equal(
      (await findService(lease({ holderIdentity: '', leaseDurationSeconds: 1, renewTime: ago(0) }))).runs,
      false,
    );
  });

  it('is not known to run without a Lease, or with one that may not be read', async () => {
    const elsewhere = await findService(refusal(404, 'NotFound'));
    assert.equal(elsewhere.runs, undefined);
    assert.match(elsewhere.words, /^it is not known in which namespace jwt-injector is, and it never ran in/);
    const hidden = await findService(refusal(403, 'Forbidden'));
    assert.equal(hidden.runs, undefined);
    assert.match(
      hidden.words,
      /not known whether jwt-injector is running, because you are not allowed to read leases in namespace jwt-injector; ask an administrator/,
    );
  });
});

describe('a refusal of the API server is one line:', () => {
  const about = { verb: 'get', resource: 'secrets', namespace: 'x', name: 'my-key' };
  for (const [title, details, says] of [
    [
      'a right that is missing',
      { ...about, status: 403, reason: 'Forbidden' },
      'you are not allowed to read secrets in namespace x: ask an administrator of x for the right to (kubectl auth can-i get secrets -n x)',
    ],
    [
      'one for all namespaces',
      { verb: 'list', resource: 'jwts', status: 403, reason: 'Forbidden' },
      'you are not allowed to list jwts in all namespaces: ask an administrator of the cluster for the right to (kubectl auth can-i list jwts -A)',
    ],
    [
      'one for an object without a namespace',
      { verb: 'get', resource: 'namespaces', name: 'x', status: 403, reason: 'Forbidden' },
      'you are not allowed to read namespaces x: ask an administrator of the cluster for the right to (kubectl auth can-i get namespaces)',
    ],
    [
      'credentials',
      { ...about, status: 401, reason: 'Unauthorized' },
      'the API server does not accept your credentials: log in again, or choose another --context',
    ],
    [
      'a kind that is not there',
      { verb: 'list', resource: 'jwts', status: 404, reason: 'NotFound' },
      'the API server does not know jwts: their CRD is not installed, or has another scope',
    ],
    [
      'no connection',
      { ...about, status: 0, reason: 'Unreachable', detail: 'https://cluster: ECONNREFUSED' },
      'no answer from the API server: get secrets x/my-key: Unreachable (https://cluster: ECONNREFUSED)',
    ],
    [
      'anything else',
      { ...about, verb: 'patch', status: 500, reason: 'InternalError' },
      'the API server refused to change secrets: patch secrets x/my-key: 500 InternalError',
    ],
  ] as const) {
    it(title, () => {
      assert.equal(describeApiError(new KubeError(details)), says);
    });
  }
});
