import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { isOfJwt, keepLabelledSecrets } from '../../src/cluster-state/labelled-secrets.ts';
import { LongTokens } from '../../src/cluster-state/long-tokens.ts';
import { Cache } from '../../src/kube/watch/cache.ts';
import { SharedValues } from '../../src/kube/watch/shared-values.ts';
import { applyEvent } from '../../src/kube/watch/watch-store.ts';
import type { TokenEvidence } from '../../src/loop/token-evidence.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { makeJwt } from '../fixtures/jwts.ts';

/** Versions of one Secret, or tokens. */
const COUNT = 100;
const JWT = makeJwt();
const KEY = `${JWT.namespace}/${JWT.name}`;

function secretOf(resourceVersion: string): JsonObject {
  const token = ['{"alg":"ES256"}', JSON.stringify({ jti: resourceVersion, sub: 's'.repeat(2_000) }), 'sig']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
  const { namespace, name } = JWT;
  return {
    metadata: { namespace, name, uid: 'u', resourceVersion },
    data: { token: Buffer.from(token).toString('base64') },
  };
}

function makeEvidence(length: number): TokenEvidence {
  return { facts: undefined, unchecked: 'x'.repeat(length), verifiedBy: undefined, refutedBy: undefined };
}

/** The Secrets of one JWT, and how many texts of tokens that were ever read are still in memory. */
function keep() {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const jwts = new Cache<Jwt>();
  jwts.set(KEY, '1', JWT);
  const labelled = keepLabelledSecrets(jwts, new SharedValues());
  const made: WeakRef<TokenEvidence>[] = [];
  const parse = (object: JsonObject, signedBy?: string) => {
    const secret = labelled.parse(object, signedBy);
    if (isOfJwt(secret) && secret.evidence !== undefined) made.push(new WeakRef(secret.evidence));
    return secret;
  };
  return {
    jwts,
    cache: labelled.cache,
    /** The evidence in the cache, if its text is still there. */
    waiting: (): TokenEvidence | undefined => {
      const evidence = labelled.ofJwt(KEY)?.evidence;
      return evidence?.unchecked === undefined ? undefined : evidence;
    },
    parse,
    /** As the watch does it. */
    watch: (resourceVersion: string, type: 'MODIFIED' | 'DELETED' = 'MODIFIED'): void => {
      const object = secretOf(resourceVersion);
      const take = (each: JsonObject) => ({ key: KEY, resourceVersion, value: parse(each) });
      applyEvent(labelled.cache, { type, object }, take, 'secrets');
    },
    countTexts: async (): Promise<number> => {
      await new Promise(setImmediate); // a WeakRef keeps what it names until the end of the turn
      collect();
      return made.filter((each) => each.deref()?.unchecked !== undefined).length;
    },
  };
}

describe('the text of a long token', () => {
  it('is not in memory after this process wrote it, whatever the watch says of it later', async () => {
    const { cache, parse, watch, countTexts } = keep();
    for (let version = 2; version < COUNT; version += 1) {
      cache.remember(KEY, `${version}`, parse(secretOf(`${version}`), 'thumbprint'));
      watch(`${version}`);
    }
    assert.equal(await countTexts(), 0);
  });

  it('leaves the memory with a Secret that was changed or deleted before anybody checked it', async () => {
    const { jwts, cache, watch, countTexts } = keep();
    for (let version = 2; version < COUNT; version += 1) watch(`${version}`);
    assert.equal(await countTexts(), 1, 'the present one waits for its check');
    watch(`${COUNT}`, 'DELETED');
    assert.equal(cache.size, 0);
    assert.equal(await countTexts(), 0);
    watch(`${COUNT + 1}`);
    jwts.delete(KEY, `${COUNT + 2}`);
    assert.equal(await countTexts(), 0);
  });

  it('leaves the memory if it was read in an answer that came too late', async () => {
    const { cache, parse, watch, countTexts } = keep();
    for (let version = 2; version < COUNT; version += 2) {
      watch(`${version + 1}`);
      cache.remember(KEY, `${version}`, parse(secretOf(`${version}`)));
    }
    assert.equal(await countTexts(), 1);
  });

  it('is in memory only while its Secret is kept and nobody checked it, whatever happens in any order', async () => {
    const steps = [
      'change',
      'echo',
      'write',
      'read',
      'late',
      'delete',
      'check',
      'lose JWT',
      'get JWT',
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { maxLength: 12 }), async (schedule) => {
        const { jwts, cache, waiting, parse, watch, countTexts } = keep();
        let version = 10;
        const remember = (of: number, signedBy?: string): void =>
          cache.remember(KEY, `${of}`, parse(secretOf(`${of}`), signedBy));
        const acts: Record<(typeof steps)[number], () => void> = {
          change: () => watch(`${(version += 1)}`),
          echo: () => watch(`${version}`),
          write: () => remember((version += 1), 'thumbprint'),
          read: () => remember(version),
          late: () => remember(version - 1),
          delete: () => watch(`${(version += 1)}`, 'DELETED'),
          check: () => {
            const evidence = waiting();
            if (evidence !== undefined) evidence.unchecked = undefined;
          },
          'lose JWT': () => jwts.delete(KEY, `${(version += 1)}`),
          'get JWT': () => jwts.set(KEY, `${(version += 1)}`, JWT),
        };
        for (const step of schedule) acts[step]();
        assert.equal(await countTexts(), waiting() === undefined ? 0 : 1);
      }),
    );
  });

  it('makes room for others as soon as it was checked', () => {
    const tokens = new LongTokens();
    const length = 1024 * 1024;
    for (let number = 0; number < COUNT; number += 1) {
      const checked = makeEvidence(length);
      tokens.note(checked);
      checked.unchecked = undefined;
    }
    const waiting = Array.from({ length: 16 }, () => makeEvidence(length));
    for (const each of waiting) tokens.note(each);
    assert.ok(waiting.every(({ unchecked }) => unchecked !== undefined));
    tokens.note(makeEvidence(length));
    assert.deepEqual(
      waiting.map(({ unchecked }) => unchecked !== undefined),
      waiting.map((_, index) => index > 0),
    );
  });
});
