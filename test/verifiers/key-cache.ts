import { DatabaseSync } from 'node:sqlite';
import { arrayMember, member, stringMember } from '../../src/resources/json.ts';
import type { Xrootd } from './xrootd.ts';

const LOOK_EVERY_MS = 1_000;
const MAX_LOCKED_MS = 2_000;

type Keeper = Pick<Xrootd, 'keyCache'>;

/**
 * Makes scitokens-cpp fetch the keys again after `seconds` seconds, instead of the 600 that are fixed in
 * version 0.7. It stores the time of the next fetch beside the keys. The file only exists after it has
 * fetched some.
 */
export function shortenRefresh(storage: Keeper, seconds: number): Disposable {
  const timer = setInterval(() => {
    withCache(storage, (cache) => {
      const soon = BigInt(Math.floor(Date.now() / 1000) + seconds); // a number would be written as 1.8e9, which it cannot read
      cache
        .prepare(
          `UPDATE keycache SET keys = json_set(keys, '$.next_update', :soon)
           WHERE json_extract(keys, '$.next_update') > :soon`,
        )
        .run({ soon });
    });
  }, LOOK_EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The `kid`s of the keys that scitokens-cpp has stored for an issuer. */
export function listKnownKids(storage: Keeper, issuer: string): readonly string[] {
  return withCache(storage, (cache) => {
    const row = cache.prepare('SELECT keys FROM keycache WHERE issuer = ?').get(issuer);
    const kept: unknown = JSON.parse(stringMember(row, 'keys') ?? '{}');
    return arrayMember(member(kept, 'jwks'), 'keys').map((key) => stringMember(key, 'kid') ?? '');
  });
}

function withCache<T>({ keyCache }: Keeper, use: (cache: DatabaseSync) => T): T {
  const cache = new DatabaseSync(keyCache, { timeout: MAX_LOCKED_MS });
  try {
    return use(cache);
  } finally {
    cache.close();
  }
}
