import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusBody } from '../../src/loop/write-status.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';

describe('the body of a status', () => {
  it('carries the resourceVersion of the JWT that it is about', () => {
    assert.deepEqual(statusBody(makeJwt(), { ...NO_STATUS, renewals: 1 }), {
      apiVersion: 'tokens.osg-htc.org/v1',
      kind: 'JWT',
      metadata: { name: 'my-jwt', namespace: 'science', resourceVersion: '7' },
      status: { conditions: [], renewals: 1 },
    });
  });
});
