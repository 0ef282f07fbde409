import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isWorthAnotherLook } from '../../../src/commands/rotate/outage.ts';
import { KubeError } from '../../../src/kube/errors.ts';

const error = (status: number): KubeError =>
  new KubeError({ verb: 'get', resource: 'jwts', status, reason: 'Whatever' });

describe('a step of a rotation that failed', () => {
  it('is tried again while the API server is down, for some minutes', () => {
    for (const status of [0, 429, 500, 503]) {
      assert.equal(isWorthAnotherLook(error(status), 299_000, false), true, `${status}`);
      assert.equal(isWorthAnotherLook(error(status), 300_000, false), false, `${status}`);
    }
  });

  it('is tried again for some seconds by a run that does not wait', () => {
    assert.equal(isWorthAnotherLook(error(503), 4_000, true), true);
    assert.equal(isWorthAnotherLook(error(503), 5_000, true), false);
  });

  it('is tried again each time another client changed the JWT', () => {
    assert.equal(isWorthAnotherLook(error(409), 1e9, true), true);
  });

  it('is not tried again if it is refused, or after an internal error', () => {
    for (const refusal of [error(403), error(404), error(422), new TypeError('x'), undefined])
      assert.equal(isWorthAnotherLook(refusal, 0, false), false);
  });
});
