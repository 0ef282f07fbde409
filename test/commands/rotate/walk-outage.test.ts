import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { refuse } from '../../kube/bad-server.ts';
import type { Interference } from '../stored-api.ts';
import { JWT, made, startRotating, switched, type Rotating } from './rotating.ts';

const unavailable: Interference = (_request, response) => {
  refuse(response, 503, 'ServiceUnavailable');
  return 'answered';
};

describe('rotate, while the API server is away for a moment', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const readings = (): number =>
    rotating.api.requests.filter(({ method, path }) => method === 'GET' && path === JWT).length;

  for (const args of [[], ['--no-wait']]) {
    it(`goes on after the switch (${args.join('') || 'waiting'})`, async () => {
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

  it('goes on when it is the list of all JWTs that fails', async () => {
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

  it('ends at once when the cluster did not answer at the first look', async () => {
    rotating.begin(made);
    rotating.api.interfere = unavailable;
    const { code, out } = await rotating.rotate('--force');
    assert.deepEqual([code, out, readings()], [3, '', 1]);
  });

  it('takes no lost answer to its last step for a refusal, though it is not to wait', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', (request, response) => {
      rotating.api.store(request);
      response.destroy();
      return 'answered';
    });
    const { code, out, err } = await rotating.rotate('--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
  });

  it('says that it may be over when the last step has no answer, and the cluster does not come back', async () => {
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
