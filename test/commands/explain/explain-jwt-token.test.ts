import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { startStoredApi } from '../stored-api.ts';
import { storeToken, writeToken } from '../stored-token.ts';

describe('explain jwt NAME about a token that cannot be shown', () => {
  for (const format of [[], ['-o', 'json'], ['-o', 'yaml']]) {
    it(`says what is done next, for claims of any depth (${format.join(' ')})`, async () => {
      await using api = await startStoredApi();
      const claims = `{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
      storeToken(api, 'deep', writeToken({ alg: 'ES256', kid: 'k' }, claims));
      const { code, out, err } = await api.run(explainCommand, 'jwt', 'deep', '-n', 'science', ...format);
      assert.deepEqual([code, err], [1, '']);
      assert.match(out, /sign a new token, because/);
      if (format.length === 0) assert.match(out, /^ {2}no token that can be read$/m);
    });
  }
});

describe('explain jwt NAME if deleting the JWT would delete what is to outlive it', () => {
  it('says that the JWT is removed from the owners of its Secret, for any state of its token', async () => {
    await using api = await startStoredApi();
    storeToken(api, 'shared', 'no token');
    const path = '/api/v1/namespaces/science/secrets/shared';
    const { metadata, data, ...secret } = api.objects.get(path);
    const owner = { apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', name: 'shared', uid: 'uid-of-shared' };
    const owned = { ...metadata, ownerReferences: [{ ...owner, controller: true }] };
    api.objects.set(path, { ...secret, metadata: owned, data: { ...data, note: 'bWluZQ==' } });
    const { out } = await api.run(explainCommand, 'jwt', 'shared', '-n', 'science');
    assert.match(
      out,
      /^ {2}take this JWT off the owners of its Secret, so that .* does not delete what is to outlive it; then look again$/m,
    );
    assert.match(out, /If you see it again and again, jwt-injector is not running/);
  });
});
