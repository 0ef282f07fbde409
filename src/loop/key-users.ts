/**
 * The JWTs that sign with a key, by the Secret of the key; both as `namespace/name`. A JWT without such a Secret (`undefined`)
 * is in no list. To save memory there is no second index by JWT: a caller removes a JWT with the same arguments as it added it.
 */
export class KeyUsers {
  readonly #bySecret = new Map<string, Set<string>>();

  add(jwt: string, secret: string | undefined): void {
    if (secret === undefined) return;
    const users = this.#bySecret.get(secret);
    if (users === undefined) this.#bySecret.set(secret, new Set([jwt]));
    else users.add(jwt);
  }

  remove(jwt: string, secret: string | undefined): void {
    if (secret === undefined) return;
    const users = this.#bySecret.get(secret);
    users?.delete(jwt);
    if (users?.size === 0) this.#bySecret.delete(secret);
  }

  of(secret: string): Iterable<string> {
    return this.#bySecret.get(secret) ?? [];
  }
}
