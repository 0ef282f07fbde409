import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { refuse } from '../../kube/bad-server.ts';
import type { Interference } from '../stored-api.ts';
import { JWT, made, startRotating, switched, type Rotating } from './rotating.ts';

const unavailable: Interference = (_request, response) => {
  refuse(response, 503, 'ServiceUnavailable');
  return 'answered';
};

describe('rotate, while the API server is down for a moment', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const readings = (): number =>
    rotating.api.requests.filter(({ method, path }) => method === 'GET' && path === JWT).length;

  for (const args of [[], ['--no-wait']]) {
    it(`continues after the switch (${args.join('') || 'waiting'})`, async () => {
      rotating.begin(made);
      rotating.atNext('PATCH', () => {
        rotating.atNext('GET', unavailable);
        return undefined;
      });
      const { code, out, err } = await rotating.rotate('--force', ...args);
      assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'keep-old']);
      assert.equal(readings(), 3);
    });
  }

  it('continues if listing all JWTs fails', async () => {
    rotating.begin(switched);
    let isFirst = true;
    rotating.api.interfere = (request, response) => {
      const isMeant = isFirst && request.path.endsWith('/v1/jwts');
      if (isMeant) isFirst = false;
      return isMeant ? unavailable(request, response) : undefined;
    };
    const { code, out, err } = await rotating.rotate();
    assert.deepEqual([code, err, JSON.parse(out).step, isFirst], [0, '', 'finish', false]);
  });

  it('ends at once if the cluster does not answer the first request', async () => {
    rotating.begin(made);
    rotating.api.interfere = unavailable;
    const { code, out } = await rotating.rotate('--force');
    assert.deepEqual([code, out, readings()], [3, '', 1]);
  });

  it('does not treat a lost answer to its last step as a refusal, even without waiting', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', (request, response) => {
      rotating.api.store(request);
      response.destroy();
      return 'answered';
    });
    const { code, out, err } = await rotating.rotate('--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
  });

  it('says that it is possibly complete if the last step gets no answer, and the cluster stays down', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', (request, response) => {
      rotating.api.interfere = unavailable;
      return unavailable(request, response);
    });
    const { code, out, err } = await rotating.rotate('--no-wait');
    assert.deepEqual([code, out], [3, '']);
    assert.match(
      err,
      /whether the last step was taken is not known: .*another run would begin another rotation/,
    );
  });
});
