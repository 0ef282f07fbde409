import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusCommand } from '../../../src/commands/status.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import { startStoredApi } from '../stored-api.ts';

describe('status NAME…', () => {
  for (const watch of [[], ['--watch']]) {
    it(`ends with exit code 3 and one line if the CRD is missing (${watch.join('')})`, async () => {
      await using api = await startStoredApi();
      api.interfere = ({ path }, response) => {
        if (!path.includes('/jwts')) return undefined;
        refuse(response, 404, 'NotFound');
        return 'answered';
      };
      const { code, out, err } = await api.run(statusCommand, 'a', 'b', 'c', '-n', 'science', ...watch);
      assert.deepEqual([code, out], [3, '']);
      assert.match(err, /^error: this cluster has no namespaced JWTs: .*\n$/);
    });
  }

  it('ends with exit code 1 for names that do not exist, each in a line', async () => {
    await using api = await startStoredApi();
    api.objects.set('/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt', wireJwt());
    const { code, out, err } = await api.run(statusCommand, 'a', 'my-jwt', 'b', '-n', 'science');
    assert.equal(code, 1);
    assert.match(err, /^error: there is no JWT "a" in .*\nerror: there is no JWT "b" in .*\n$/);
    assert.match(out, /^science\/my-jwt +Pending/m);
  });
});

describe('status without a JWT', () => {
  it('names the namespace that it looked at, also where it may not list all', async () => {
    await using api = await startStoredApi();
    const none = 'no JWT is found in namespace scinece: choose another with -n, or all with -A\n';
    const one = await api.run(statusCommand, '-n=scinece');
    assert.deepEqual(one, { code: 0, out: none, err: '' });
    const all = await api.run(statusCommand, '-A');
    assert.equal(all.out, 'no JWT is found in any namespace\n');
    const json = await api.run(statusCommand, '-n', 'scinece', '-o', 'json');
    assert.deepEqual(JSON.parse(json.out), { jwts: [], namespace: 'scinece', notes: [] });
    api.interfere = ({ path }, response) => {
      if (path !== '/apis/tokens.osg-htc.org/v1/jwts') return undefined;
      refuse(response, 403, 'Forbidden');
      return 'answered';
    };
    const refused = await api.run(statusCommand, '-A');
    assert.match(
      refused.out,
      /^no JWT is found in namespace default: choose another with -n\nnote: .* only namespace default is shown\n$/,
    );
    const refusedJson = await api.run(statusCommand, '-A', '-o', 'json');
    assert.equal(JSON.parse(refusedJson.out).othersForbidden, true);
  });
});
