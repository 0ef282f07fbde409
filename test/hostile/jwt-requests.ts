import type { TenantRequests } from './tenant-requests.ts';
import { hugeRsaKey, immutableSecret, keySecret, makeJwt } from './objects.ts';

const REFUSED = 20;

/** By anyone who may create JWTs in a namespace. */
export const JWT_REQUESTS: readonly TenantRequests[] = [
  {
    name: 'huge-keys',
    title: 'JWTs with RSA keys of 16,384 and 40,960 bits, inline and in Secrets',
    from: 'jwts',
    count: 12,
    act: async (tenant, number) => {
      const text = hugeRsaKey(number % 3 === 0 ? 16_384 : 40_960);
      const spec = { algorithm: 'RS256' };
      if (number % 2 === 0)
        return tenant.create('jwts', makeJwt(`huge-${number}`, { ...spec, key: { value: text } }));
      await tenant.create('secrets', keySecret(`huge-key-${number}`, text));
      const key = { secret: { name: `huge-key-${number}`, key: 'key.pem' } };
      return tenant.create('jwts', makeJwt(`huge-${number}`, { ...spec, key }));
    },
  },
  {
    name: 'pem-lines',
    title: 'JWTs whose key is hundreds of KB of -----BEGIN A-----',
    from: 'jwts',
    count: 100,
    act: async (tenant, number) => {
      const text = '-----BEGIN A-----'.repeat(number % 2 === 0 ? 3_800 : 50_000);
      if (number % 2 === 0) return tenant.create('jwts', makeJwt(`pem-${number}`, { key: { value: text } }));
      await tenant.create('secrets', keySecret(`pem-key-${number}`, text));
      const key = { secret: { name: `pem-key-${number}`, key: 'key.pem' } };
      return tenant.create('jwts', makeJwt(`pem-${number}`, { key }));
    },
  },
  {
    name: 'large-claims',
    title: '500 JWTs with 700 KB of claims, and as much as is let in',
    from: 'jwts',
    count: 500,
    isRefused: true,
    prepare: (tenant) => tenant.create('secrets', keySecret('key')),
    act: (tenant, number) => {
      const length = number % 2 === 0 ? 700_000 : 60_000;
      return tenant.create('jwts', makeJwt(`large-${number}`, { data: { sub: 'b'.repeat(length) } }));
    },
  },
  {
    name: 'crowded-claims',
    title: '400 JWTs with 60 KB of empty objects for claims, or of small labels',
    from: 'jwts',
    count: 400,
    prepare: (tenant) => tenant.create('secrets', keySecret('key')),
    act: (tenant, number) => {
      const labels = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`l${index}`, '']));
      const spec =
        number % 4 === 0
          ? { secretTemplate: { labels } }
          : { data: { many: Array.from({ length: 20_000 }, () => ({})) } };
      return tenant.create('jwts', makeJwt(`crowded-${number}`, spec));
    },
  },
  {
    name: 'large-metadata',
    title: '300 JWTs with 240 KB of annotations and 2,000 labels',
    fullOnly: true,
    from: 'jwts',
    count: 300,
    prepare: (tenant) => tenant.create('secrets', keySecret('key')),
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
      await tenant.create('secrets', keySecret('key'));
      await tenant.create('jwts', makeJwt('restless'));
    },
    act: (tenant, number) =>
      tenant.patch('jwts', 'restless', {
        metadata: { annotations: { 'tokens.osg-htc.org/renew': String(number) } },
        spec: { data: { sub: `s${number}` } },
      }),
  },
  {
    name: 'refused-writes',
    title: '20 JWTs whose Secrets nobody can write, changed 2,000 times',
    from: 'jwts',
    count: 2_000,
    prepare: async (tenant) => {
      await tenant.create('secrets', keySecret('key'));
      for (let number = 0; number < REFUSED; number += 1) {
        const name = `refused-${number}`;
        await tenant.create('secrets', immutableSecret(name));
        await tenant.create('jwts', makeJwt(name));
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
    prepare: (tenant) => tenant.create('secrets', keySecret('key')),
    act: async (tenant, number) => {
      await tenant.create('jwts', makeJwt(`brief-${number}`));
      await tenant.remove('jwts', `brief-${number}`);
      return tenant.create('jwts', makeJwt(`brief-${number}`));
    },
  },
];
