import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchCertificateStore } from '../../src/kube/certificate-store.ts';
import { KubeError } from '../../src/kube/errors.ts';
import { virtualClock } from '../time/virtual-clock.ts';

/** A store whose writes are refused with this status. */
function refusedStore(status: number) {
  const refuse = (verb: string) => () =>
    Promise.reject(
      new KubeError({ verb, resource: 'secrets', namespace: 'ns', status, reason: `T${status}` }),
    );
  return watchCertificateStore({
    client: {
      create: refuse('create'),
      mergePatch: refuse('patch'),
      jsonPatch: refuse('patch'),
      listMapped: async () => ({ items: [], resourceVersion: '1' }),
      watch: async function* () {},
    },
    clock: virtualClock(),
    log: { debug: () => {}, info: () => {}, warn: () => {} },
    namespace: 'ns',
    name: 'tls',
  });
}

test('after a creation by another replica the state is read again; a creation without its namespace fails', async () => {
  assert.equal(await refusedStore(409).writeSecret({}, undefined), false);
  await assert.rejects(refusedStore(404).writeSecret({}, undefined), /create secrets ns: 404/);
});

test('after a conflicting change or deletion the state is read again', async () => {
  for (const status of [404, 409]) assert.equal(await refusedStore(status).writeSecret({}, '5'), false);
});
