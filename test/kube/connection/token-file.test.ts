import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCluster } from '../../../src/kube/connection/cluster.ts';
import { skippingClock } from '../../time/skipping-clock.ts';
import { answer, clientOf, startBadServer } from '../bad-server.ts';
import { inFolder, kubeconfig } from '../kubeconfig.ts';

/** A kubeconfig whose user has the token in the file `token` beside it. */
function withTokenFile(server?: string): string {
  return kubeconfig({
    ...(server === undefined ? {} : { server }),
    cluster: { 'insecure-skip-tls-verify': true },
    user: { token: undefined, tokenFile: 'token' },
  });
}

test('a token file is read again after a change', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer((request, response) => {
      const known = request.headers.authorization === 'Bearer second' || server.requests.length === 1;
      answer(response, known ? 200 : 401, {});
    });
    await write('token', 'first\n');
    const file = await write('config', withTokenFile(server.url));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
    assert.equal(server.requests[0]?.headers.authorization, 'Bearer first');
    await write('token', 'second\n');
    await client.get('/version');
  }));

test('a token file that is empty for a moment changes nothing, and is read again 30 s later', () =>
  inFolder(async (_folder, write) => {
    await using server = await startBadServer((_request, response) => answer(response, 200, {}));
    await write('token', 'first\n');
    const file = await write('config', withTokenFile(server.url));
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    const clock = skippingClock();
    await using client = clientOf(cluster.value, clock);
    await client.get('/version');
    for (const text of ['', 'second\n']) {
      await write('token', text);
      clock.skip(31_000);
      await client.get('/version');
    }
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.authorization),
      ['Bearer first', 'Bearer first', 'Bearer second'],
    );
  }));

test('one that is empty at the start is named', () =>
  inFolder(async (_folder, write) => {
    const token = await write('token', '\n');
    const file = await write('config', withTokenFile());
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await assert.rejects(client.get('/version'), {
      message: `get /version: Credentials (no credentials for https://127.0.0.1:6443: the token file ${token} is empty)`,
    });
  }));
