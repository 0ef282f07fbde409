import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { issueCertificate } from '../../src/certificates/issue-certificate.ts';
import { DAY, HOST, make, NAMESPACE, NOW, stored } from './made.ts';

describe('a certificate that is issued', () => {
  it('is for the requested names and addresses, by a CA of ours, and valid since an hour ago', async () => {
    const { authorities, authorityKey, pair } = stored(
      await make(NOW, undefined, [HOST, '127.0.0.1', '::1']),
    );
    assert.ok(pair !== undefined && authorityKey !== undefined);
    const { leaf } = pair;
    const [authority] = authorities;
    assert.ok(authority !== undefined);
    assert.deepEqual(
      [leaf.checkHost(HOST), leaf.checkIP('127.0.0.1'), leaf.checkIP('::1'), leaf.checkHost('other.svc')],
      [HOST, '127.0.0.1', '::1', undefined],
    );
    assert.ok(authority.ca && !leaf.ca);
    assert.ok(leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
    assert.deepEqual(authority.subject.split('\n').slice(0, 2), ['O=jwt-injector', `OU=${NAMESPACE}`]);
    assert.equal(leaf.validFromDate.getTime(), NOW - DAY / 24);
    assert.equal(leaf.validToDate.getTime(), NOW + 30 * DAY);
    assert.equal(authority.validToDate.getTime(), NOW + 365 * DAY);
  });

  it('is signed by the given authority, and never outlives it', async () => {
    const first = stored(await make(NOW));
    const second = stored(await make(NOW + 350 * DAY, first));
    assert.equal(second.authorities[0]?.fingerprint256, first.authorities[0]?.fingerprint256);
    assert.notEqual(second.pair?.key, first.pair?.key);
    assert.equal(second.pair?.leaf.validToDate.getTime(), NOW + 365 * DAY);
    assert.notEqual(second.pair?.leaf.serialNumber, first.pair?.leaf.serialNumber);
  });

  it('keeps the retired CAs after the one that signs, each with a name of its own', async () => {
    const old = stored(await make(NOW));
    const data = await issueCertificate({
      signer: undefined,
      retired: old.authorities,
      hosts: [HOST],
      namespace: NAMESPACE,
      now: NOW,
    });
    const subjects = stored(data).authorities.map(({ subject }) => subject);
    assert.equal(subjects.length, 2);
    assert.notEqual(subjects[0], subjects[1]);
  });

  it('is accepted by TLS for its name and refused for another', async () => {
    const { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca } = await make(Date.now());
    const server = createServer({ cert, key }, (socket) => socket.on('error', () => {}).resume());
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const shake = async (servername: string): Promise<string> => {
      const socket = connect({ port, host: '127.0.0.1', ca, servername });
      const { promise, resolve } = Promise.withResolvers<string>();
      socket.on('secureConnect', () => resolve('taken'));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      const end = await promise;
      socket.destroy();
      return end;
    };
    assert.deepEqual(
      [await shake(HOST), await shake('other.svc')],
      ['taken', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    );
    server.close();
  });
});
