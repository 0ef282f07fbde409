import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pino } from 'pino';
import { watchCluster } from '../../src/commands/run/watch-cluster.ts';
import { clientOf, clusterAt, startBadServer } from '../kube/bad-server.ts';

it('JWTs are listed before the Secrets with our label, which count only where there is a JWT', async () => {
  const answers: (() => void)[] = [];
  await using server = await startBadServer((request, response) => {
    response.writeHead(200);
    if (request.query.get('watch') === 'true') response.flushHeaders();
    else answers.push(() => response.end('{"metadata":{"resourceVersion":"1"},"items":[]}'));
  });
  await using client = clientOf(clusterAt(server.url));
  const cluster = watchCluster(client, pino({ level: 'silent' }), undefined);
  const asked = (): readonly string[] =>
    server.requests
      .filter(({ query }) => query.get('watch') === null)
      .map(({ path, query }) => `${path.split('/').at(-1)} ${query.get('labelSelector') ?? ''}`);
  await server.received(2);
  assert.deepEqual(asked().toSorted(), ['jwts ', 'secrets tokens.osg-htc.org/managed!=true']);
  for (const answer of answers.splice(0)) answer();
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked().at(-1), 'secrets tokens.osg-htc.org/managed=true');
  for (const answer of answers) answer();
  assert.equal(await cluster.synced, true);
  await cluster.stop();
});
