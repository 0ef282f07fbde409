import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KubeError } from '../../src/kube/errors.ts';
import { findObject } from '../../src/kube/find-object.ts';

const refused = (status: number, reason: string): KubeError =>
  new KubeError({ verb: 'get', resource: 'secrets', status, reason });
const find = (answer: () => Promise<Record<string, unknown>>) =>
  findObject({ get: answer }, '/api/v1/secrets/x');

it('an object that does not exist is undefined; every other refusal is thrown', async () => {
  assert.deepEqual(await find(() => Promise.resolve({ kind: 'Secret' })), { kind: 'Secret' });
  assert.equal(await find(() => Promise.reject(refused(404, 'NotFound'))), undefined);
  for (const error of [refused(403, 'Forbidden'), refused(410, 'Expired'), refused(0, 'Unreachable')])
    await assert.rejects(
      find(() => Promise.reject(error)),
      error,
    );
});
