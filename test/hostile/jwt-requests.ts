import { MAX_KEY_TEXT } from '../../src/resources/key-source.ts';
import type { Loose } from '../integration/objects.ts';
import { createKey, fillKey, hugeRsaKey, immutableSecret, keySecret, makeJwt } from './objects.ts';
import type { TenantRequests } from './tenant-requests.ts';
import type { Answer, Tenant } from './tenant.ts';

const REFUSED = 20;

/**
 * 12,400 and 16,300 characters as JWK, of `MAX_KEY_TEXT`; the last one is refused for its length. Each twice:
 * see `createWithKey`.
 */
const RSA_BITS = [16_384, 16_384, 21_504, 21_504, 40_960, 40_960] as const;

/**
 * Writes the key inline if the number at the end of the name is even, and into a Secret of its own if it is
 * odd.
 */
function createWithKey(tenant: Tenant, name: string, text: string): Promise<Answer> {
  const isInline = /[02468]$/.test(name);
  if (isInline) return tenant.create('jwts', makeJwt(name, { key: { value: text } }));
  const key = { secret: { name: `key-of-${name}`, key: 'key.pem' } };
  return tenant.createInTurn(['secrets', keySecret(key.secret.name, text)], ['jwts', makeJwt(name, { key })]);
}

/**
 * The largest template that the CRD and the webhook accept: 64 labels and 64 annotations, 8 KiB as JSON. They
 * differ in each JWT, so that nothing is shared.
 */
function fullTemplate(number: number): Loose {
  const entries = (prefix: string, keyLength: number, value: string): Loose =>
    Object.fromEntries(
      Array.from({ length: 64 }, (_, index) => [
        `${prefix}${number}-${index}-`.padEnd(keyLength, 'k'),
        value,
      ]),
    );
  return { labels: entries('l', 63, ''), annotations: entries('a', 12, `${number}-`.padEnd(38, 'v')) };
}

/** Requests of a user who is allowed to create JWTs in a namespace. */
export const JWT_REQUESTS: readonly TenantRequests[] = [
  {
    name: 'huge-keys',
    title: 'JWTs with the largest RSA keys that are read, and one of 40,960 bits, inline and in Secrets',
    from: 'jwts',
    count: 12,
    isRefused: true,
    act: (tenant, number) =>
      createWithKey(tenant, `huge-${number}`, hugeRsaKey(RSA_BITS[number % RSA_BITS.length] ?? 0)),
  },
  {
    name: 'pem-lines',
    title: 'JWTs whose key is 16,384 characters of -----BEGIN A-----, and some of 850,000',
    from: 'jwts',
    count: 100,
    isRefused: true,
    act: (tenant, number) =>
      createWithKey(
        tenant,
        `pem-${number}`,
        fillKey('-----BEGIN A-----', number % 10 === 9 ? 850_000 : MAX_KEY_TEXT),
      ),
  },
  {
    name: 'large-claims',
    title: '500 JWTs with 700 KB of claims, and as much as is let in',
    from: 'jwts',
    count: 500,
    isRefused: true,
    prepare: createKey,
    act: (tenant, number) => {
      const length = number % 2 === 0 ? 700_000 : 48_000;
      return tenant.create('jwts', makeJwt(`large-${number}`, { data: { sub: 'b'.repeat(length) } }));
    },
  },
  {
    name: 'crowded-claims',
    title: '400 JWTs with 48 KB of empty objects for claims, or as many labels and annotations as are let in',
    from: 'jwts',
    count: 400,
    prepare: createKey,
    act: (tenant, number) => {
      const spec =
        number % 4 === 0
          ? { secretTemplate: fullTemplate(number) }
          : { data: { many: Array.from({ length: 16_000 }, () => ({})) } };
      return tenant.create('jwts', makeJwt(`crowded-${number}`, spec));
    },
  },
  {
    name: 'large-metadata',
    title: '300 JWTs with 240 KB of annotations and 2,000 labels',
    fullOnly: true,
    from: 'jwts',
    count: 300,
    prepare: createKey,
    act: (tenant, number) => {
      const labels = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`l${n}`, 'v'.repeat(50)]));
      return tenant.create(
        'jwts',
        makeJwt(`wide-${number}`, {}, { annotations: { note: 'n'.repeat(240_000) }, labels }),
      );
    },
  },
  {
    name: 'failing',
    title: '2,000 JWTs whose key does not exist, all changed again and again',
    from: 'jwts',
    count: 4_000,
    act: (tenant, number) =>
      number % 2 === 0
        ? tenant.create('jwts', makeJwt(`failing-${number}`, { key: { secret: { name: 'none', key: 'a' } } }))
        : tenant.patch('jwts', `failing-${number - 1}`, { spec: { keyId: `k${number}` } }),
  },
  {
    name: 'restless',
    title: 'one JWT that is changed 600 times, and asked to renew each time',
    from: 'jwts',
    count: 600,
    prepare: async (tenant) => {
      await createKey(tenant);
      await tenant.mustCreate('jwts', makeJwt('restless'));
    },
    act: (tenant, number) =>
      tenant.patch('jwts', 'restless', {
        metadata: { annotations: { 'tokens.osg-htc.org/renew': String(number) } },
        spec: { data: { sub: `s${number}` } },
      }),
  },
  {
    name: 'refused-writes',
    title: '20 JWTs whose Secrets cannot be written, changed 2,000 times',
    from: 'jwts',
    count: 2_000,
    prepare: async (tenant) => {
      await createKey(tenant);
      for (let number = 0; number < REFUSED; number += 1) {
        const name = `refused-${number}`;
        await tenant.mustCreate('secrets', immutableSecret(name));
        await tenant.mustCreate('jwts', makeJwt(name));
      }
    },
    act: (tenant, number) =>
      tenant.patch('jwts', `refused-${number % REFUSED}`, { spec: { data: { sub: `s${number}` } } }),
  },
  {
    name: 'coming-and-going',
    title: '300 JWTs created, deleted and created again',
    from: 'jwts',
    count: 300,
    fullOnly: true,
    prepare: createKey,
    act: async (tenant, number) => {
      await tenant.create('jwts', makeJwt(`brief-${number}`));
      await tenant.remove('jwts', `brief-${number}`);
      return tenant.create('jwts', makeJwt(`brief-${number}`));
    },
  },
];
