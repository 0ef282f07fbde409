import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyRing } from '../../src/loop/key-ring.ts';
import type { Result } from '../../src/resources/result.ts';
import type { StateProblem } from '../../src/resources/problem.ts';
import { NRP_KEY } from '../fixtures/keys.ts';

/** A source of the key's text that counts how often it is asked. */
function source(text: Result<string, StateProblem> = { ok: true, value: NRP_KEY }): {
  load: () => Promise<typeof text>;
  asked: number;
} {
  const counted = {
    asked: 0,
    load: async () => {
      counted.asked += 1;
      return text;
    },
  };
  return counted;
}

describe('the key ring', () => {
  it('reads a key of one version once for all who ask, also at the same time', async () => {
    const ring = new KeyRing();
    const { load } = source();
    const counted = source();
    const keys = await Promise.all([1, 2, 3].map(() => ring.read('v1', 'ES256', counted.load)));
    await ring.read('v1', 'ES256', counted.load);
    assert.equal(counted.asked, 1);
    assert.ok(keys.every((key) => key === keys[0]));
    assert.ok((await ring.read('v2', 'ES256', load)) !== keys[0]);
  });

  it('reads another version and another algorithm anew', async () => {
    const ring = new KeyRing();
    const counted = source();
    await ring.read('v1', 'ES256', counted.load);
    await ring.read('v2', 'ES256', counted.load);
    const misfit = await ring.read('v1', 'RS256', counted.load);
    assert.equal(counted.asked, 3);
    assert.ok(!misfit.ok && misfit.problem.reason === 'KeyMismatch');
  });

  it('keeps no failure, neither of the key nor of the API server', async () => {
    const ring = new KeyRing();
    const broken = source({ ok: true, value: 'no key' });
    for (let each = 0; each < 2; each += 1) assert.ok(!(await ring.read('v1', 'ES256', broken.load)).ok);
    assert.equal(broken.asked, 2);
    const failing = async (): Promise<never> => {
      throw new Error('unreachable');
    };
    await assert.rejects(ring.read('v1', 'ES256', failing), /unreachable/);
    assert.ok((await ring.read('v1', 'ES256', source().load)).ok);
  });

  it('drops the key that was unused for longest', async () => {
    const ring = new KeyRing(2);
    const counted = source();
    for (const version of ['a', 'b', 'a', 'c', 'a']) await ring.read(version, 'ES256', counted.load);
    assert.equal(counted.asked, 3, 'a stayed');
    await ring.read('b', 'ES256', counted.load);
    assert.equal(counted.asked, 4, 'b went');
  });

  it('makes a public key ready once, and none of what is none', async () => {
    const ring = new KeyRing();
    const key = await ring.read('v1', 'ES256', source().load);
    assert.ok(key.ok);
    const { publicJwk } = key.value;
    assert.equal(await ring.readPublic(publicJwk, 'ES256'), await ring.readPublic({ ...publicJwk }, 'ES256'));
    assert.equal(await ring.readPublic({ kty: 'EC', crv: 'P-256' }, 'ES256'), undefined);
  });
});
