import { hash } from 'node:crypto';
import { Recent } from '../kube/watch/recent.ts';
import type { Jwt } from '../resources/jwt.ts';
import type { KeySource } from '../resources/key-source.ts';

/** Digests of one generation, twice as many in all. */
const DIGESTS = 512;

/**
 * Makes of equal private keys in specs one, since thousands of JWTs may have the same. It holds none of them itself, only their
 * digests: a key must leave the memory with the last JWT that has it.
 */
export class InlineKeys {
  readonly #known = new Recent<{ key: WeakRef<KeySource> }>(DIGESTS);

  /** Returns the JWT, with the key of an earlier one if it is equal. */
  share(jwt: Jwt): Jwt {
    if (!jwt.spec.ok || jwt.spec.value.key.from !== 'value') return jwt;
    const { key } = jwt.spec.value;
    const place = this.#known.intern(hash('sha256', key.text, 'base64url'), { key: new WeakRef(key) });
    const known = place.key.deref();
    if (known === undefined) place.key = new WeakRef(key);
    if (known === undefined || known === key) return jwt;
    return { ...jwt, spec: { ok: true, value: { ...jwt.spec.value, key: known } } };
  }
}
