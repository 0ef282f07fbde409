import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endAll } from '../../src/service/end-all.ts';

describe('parts that end together', () => {
  it('have ended when all have, also if one fails before', async () => {
    const draining = Promise.withResolvers<void>();
    const failure = new Error('the controller');
    let isOver = false;
    const ending = endAll([Promise.reject(failure), draining.promise, undefined]).finally(
      () => (isOver = true),
    );
    const rejected = assert.rejects(ending, failure);
    await new Promise(setImmediate);
    assert.equal(isOver, false);
    draining.resolve();
    await rejected;
  });

  it('report all failures', async () => {
    const failures = [new Error('one'), new Error('another')];
    await assert.rejects(
      endAll(failures.map((failure) => Promise.reject(failure))),
      (error) => error instanceof AggregateError && error.errors.every((each, at) => each === failures[at]),
    );
  });

  it('end silently if nothing failed', async () => {
    await endAll([Promise.resolve(), undefined]);
  });
});
