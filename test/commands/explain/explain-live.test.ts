import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { startStoredApi } from '../stored-api.ts';

describe('explain pod NAME', () => {
  it('names its manager, with a command for its own namespace that is quoted for a shell', async () => {
    await using api = await startStoredApi();
    const pod = (name: string, owner: string): void => {
      const ownerReferences = [{ kind: 'ReplicaSet', name: owner, controller: true }];
      const metadata = { name, namespace: 'science', ownerReferences };
      const spec = { containers: [{ name: 'main', image: 'x' }] };
      const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
      api.objects.set(`/api/v1/namespaces/science/pods/${name}`, object);
    };
    api.objects.set('/api/v1/namespaces/science', { metadata: { name: 'science' } });
    pod('made', 'web-7d9');
    pod('forged', 'x; reboot');
    const explain = (name: string) => api.run(explainCommand, 'pod', name, '-n', 'science');
    assert.match((await explain('made')).out, /\(jwt-injector explain replicaset web-7d9 -n science\)/);
    assert.match((await explain('forged')).out, /\(jwt-injector explain replicaset 'x; reboot' -n science\)/);
  });
});
