import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isServed, newRequest } from '../../src/commands/renew/renew-request.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import { RENEW } from '../../src/resources/names.ts';
import { makeJwt, wireJwt } from '../fixtures/jwts.ts';
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

describe('renew of a JWT that is deleted while it waits', () => {
  const JWT = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';
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
