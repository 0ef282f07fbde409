import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import { startStoredApi, type StoredApi } from '../stored-api.ts';
import { storeToken } from '../stored-token.ts';

const JWTS = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts';

/** A JWT `b` beside a Secret of that name that is not its own. */
function storeConflict(api: StoredApi): void {
  storeToken(api, 'b', 'x');
  const metadata = { namespace: 'science', name: 'b' };
  api.objects.set('/api/v1/namespaces/science/secrets/b', { kind: 'Secret', metadata, data: {} });
}

describe('explain jwt NAME about a Secret that is not its own', () => {
  const explain = async (prepare: (api: StoredApi) => void): Promise<string> => {
    await using api = await startStoredApi();
    storeConflict(api);
    prepare(api);
    return (await api.run(explainCommand, 'jwt', 'b', '-n', 'science')).out;
  };

  it('names the ways out', async () => {
    const out = await explain(() => {});
    assert.match(out, /or hand it over, .*: kubectl annotate secret b -n science/);
  });

  it('says which JWT has its key in it, instead of how to lose that', async () => {
    const key = { secret: { name: 'b', key: 'key.pem' } };
    const out = await explain(({ objects }) =>
      objects.set(`${JWTS}/a`, wireJwt({ key }, { metadata: { name: 'a', uid: 'a' } })),
    );
    assert.match(out, /JWT a signs with a key in it: it is left untouched/);
    assert.doesNotMatch(out, /adopt|delete the Secret/);
  });

  it('assumes that there may be one if the caller is not allowed to list JWTs', async () => {
    const out = await explain((api) => {
      api.interfere = ({ path }, response) => {
        if (path !== JWTS) return undefined;
        refuse(response, 403, 'Forbidden');
        return 'answered';
      };
    });
    assert.match(out, /a JWT may sign with a key in it/);
    assert.doesNotMatch(out, /adopt|delete the Secret/);
  });
});
