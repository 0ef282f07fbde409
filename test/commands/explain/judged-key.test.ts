import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { STATE_REASONS } from '../../../src/resources/reasons.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { startStoredApi } from '../stored-api.ts';

const JWT = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';
const KEY = '/api/v1/namespaces/science/secrets/my-key';
const NO_DATA_KEY =
  'key Secret science/my-key has no data key "key.pem": add it, or correct spec.key.secret.key';

/** Explains a JWT whose status says this of its key, which is in a Secret that exists. */
async function explain(reason: string, message: string, generation = 1): Promise<string> {
  await using api = await startStoredApi();
  const conditions = ['Ready', 'KeyAvailable'].map((type) => ({
    type,
    status: 'False',
    reason,
    message,
    observedGeneration: generation,
  }));
  const jwt = wireJwt(
    { key: { secret: { name: 'my-key', key: 'key.pem' } } },
    {
      metadata: { name: 'my-jwt', namespace: 'science', uid: 'uid-1', generation: 1 },
      status: { conditions },
    },
  );
  api.objects.set(JWT, jwt);
  const metadata = { name: 'my-key', namespace: 'science', uid: 'uid-2', resourceVersion: '7' };
  api.objects.set(KEY, { kind: 'Secret', apiVersion: 'v1', metadata });
  return (await api.run(explainCommand, 'jwt', 'my-jwt', '-n', 'science')).out;
}

describe('explain jwt NAME about a key that was read and refused', () => {
  const ofTheText = ['KeyUnreadable', 'KeyMismatch', 'KeyTooShort'] as const;
  for (const reason of STATE_REASONS.filter((word) => word.startsWith('Key') && word !== 'KeyIdReused')) {
    const isJudged = ofTheText.some((word) => word === reason);
    it(`${isJudged ? 'waits for another key' : 'looks again'} (${reason})`, async () => {
      const out = await explain(reason, 'so it is');
      assert.equal(/cannot be signed until the problem is fixed: see above$/m.test(out), isJudged, out);
      assert.equal(/jwt-injector is not running/.test(out), !isJudged);
      assert.equal(/none, until the problem is fixed$/m.test(out), isJudged);
    });
  }

  it('waits for a data key that is missing in a Secret that is there', async () => {
    const out = await explain('KeyNotFound', NO_DATA_KEY);
    assert.match(out, /cannot be signed until the problem is fixed: see above$/m);
    assert.doesNotMatch(out, /jwt-injector is not running/);
  });

  it('expects that jwt-injector looks again after the spec was changed', async () => {
    assert.match(await explain('KeyMismatch', 'so it is', 0), /jwt-injector is not running/);
  });
});
