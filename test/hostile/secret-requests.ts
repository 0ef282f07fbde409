import type { TenantRequests } from './tenant-requests.ts';
import type { Loose } from '../integration/objects.ts';
import { inParallel } from './in-parallel.ts';
import { createKey, crowdedToken, labelledSecret, makeJwt, nestedToken, unsignedToken } from './objects.ts';

/** Annotations that the service reads from a Secret. */
const OUR_ANNOTATIONS = [
  'jwt',
  'adopt',
  'last-signing-time',
  'expires-at',
  'allowed-namespaces',
  'allowed-issuers',
  'allowed-scopes',
  'max-lifetime',
];

/** Requests of a user who is allowed to create Secrets in a namespace. */
export const SECRET_REQUESTS: readonly TenantRequests[] = [
  {
    name: 'nested-tokens',
    title: '30 Secrets with our label and tokens of 750 KB of nested JSON',
    from: 'secrets',
    count: 30,
    act: (tenant, number) => {
      const token = number % 2 === 0 ? nestedToken(750_000) : crowdedToken(750_000);
      return tenant.create('secrets', labelledSecret(`nested-${number}`, token));
    },
  },
  {
    name: 'nested-tokens-of-jwts',
    title: '30 such Secrets with a JWT of their name each',
    from: 'secrets',
    count: 30,
    prepare: createKey,
    act: (tenant, number) => {
      const token = number % 2 === 0 ? nestedToken(750_000) : crowdedToken(750_000);
      return tenant.createInTurn(
        ['secrets', labelledSecret(`own-${number}`, token)],
        ['jwts', makeJwt(`own-${number}`)],
      );
    },
  },
  {
    name: 'large-labelled',
    title: '400 Secrets with our label and tokens of 750 KB',
    from: 'secrets',
    count: 400,
    act: (tenant, number) => tenant.create('secrets', labelledSecret(`large-${number}`, 't'.repeat(750_000))),
  },
  {
    name: 'large-annotations',
    title: '1,000 foreign Secrets with 246 KB of annotations',
    from: 'secrets',
    count: 1_000,
    act: (tenant, number) =>
      tenant.create('secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `noted-${number}`, annotations: { note: 'n'.repeat(246_000) } },
      }),
  },
  {
    name: 'large-grants',
    title: '300 Secrets whose list of granted namespaces and owners takes 240 KB each',
    from: 'secrets',
    count: 300,
    act: (tenant, number) =>
      tenant.create('secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: `granted-${number}`,
          annotations: { 'tokens.osg-htc.org/allowed-namespaces': 'namespace,'.repeat(24_000) },
          ownerReferences: Array.from({ length: 1_000 }, (_, owner) => ({
            apiVersion: 'tokens.osg-htc.org/v1',
            kind: 'JWT',
            name: 'o'.repeat(200),
            uid: `uid-${owner}`,
          })),
        },
      }),
  },
  {
    name: 'our-annotations',
    title: '2,500 Secrets with all annotations of ours of 16,000 characters each, and 32 owners',
    from: 'secrets',
    count: 2_500,
    act: (tenant, number) =>
      tenant.create('secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: `annotated-${number}`,
          annotations: Object.fromEntries(
            OUR_ANNOTATIONS.map((name) => [
              `tokens.osg-htc.org/${name}`,
              `${number}`.repeat(16_000).slice(0, 16_000),
            ]),
          ),
          ownerReferences: Array.from({ length: 32 }, (_, owner) => ({
            apiVersion: 'tokens.osg-htc.org/v1',
            kind: 'JWT',
            name: `${number}-${owner}-`.padEnd(250, 'o'),
            uid: `${number}-${owner}-`.padEnd(250, 'u'),
          })),
        },
      }),
  },
  {
    name: 'owner-versions',
    title: '600 Secrets with an owner whose API version takes 700 KB',
    from: 'secrets',
    count: 600,
    act: (tenant, number) =>
      tenant.create('secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: `owned-${number}`,
          ownerReferences: [
            {
              apiVersion: `group-${number}.example.org/${'v'.repeat(700_000)}`,
              kind: 'Thing',
              name: 'o',
              uid: `uid-${number}`,
              controller: true,
            },
          ],
        },
      }),
  },
  {
    name: 'crowded-secrets',
    title: '60 Secrets with our label, 20,000 labels and 20,000 empty data keys, a JWT that signs with each',
    from: 'secrets',
    count: 60,
    prepare: createKey,
    act: (tenant, number) => {
      const names = Array.from({ length: 20_000 }, (_, index) => `k${index}`);
      const labels = Object.fromEntries(names.map((name) => [name, 'v']));
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `crowded-${number}`, labels: { ...labels, 'tokens.osg-htc.org/managed': 'true' } },
        data: Object.fromEntries(names.map((name) => [name, ''])),
      };
      const key = { secret: { name: `crowded-${number}`, key: 'k1' } };
      return tenant.createInTurn(
        ['secrets', secret],
        ['jwts', makeJwt(`signs-${number}`, { key })],
        ['jwts', makeJwt(`crowded-${number}`)],
      );
    },
  },
  {
    name: 'claimed-secrets',
    title: '2,000 Secrets with 16 KB of labels and a token of 60 KB, a JWT of their name each',
    from: 'secrets',
    count: 2_000,
    fullOnly: true,
    prepare: createKey,
    act: (tenant, number) => {
      const labels = Array.from({ length: 170 }, (_, index) => [
        `${number}-${index}-`.padEnd(60, 'l') + 'l',
        `${number}`.padEnd(30, 'v'),
      ]);
      const secret = labelledSecret(`claimed-${number}`, nestedToken(60_000));
      const metadata = {
        ...secret['metadata'],
        labels: { ...Object.fromEntries(labels), ...secret['metadata'].labels },
      };
      return tenant.createInTurn(
        ['secrets', { ...secret, metadata }],
        ['jwts', makeJwt(`claimed-${number}`)],
      );
    },
  },
  {
    name: 'claimed-tokens',
    title: '5,000 Secrets with a token of 4,000 characters, a JWT of their name each',
    from: 'secrets',
    count: 5_000,
    fullOnly: true,
    prepare: createKey,
    act: (tenant, number) =>
      tenant.createInTurn(
        ['secrets', labelledSecret(`unsigned-${number}`, unsignedToken(4_000, number))],
        ['jwts', makeJwt(`unsigned-${number}`)],
      ),
  },
  {
    name: 'second-writer',
    title: 'a Secret of ours whose token, label and annotation are overwritten 600 times',
    from: 'secrets',
    count: 600,
    prepare: async (tenant) => {
      await createKey(tenant);
      await tenant.mustCreate('jwts', makeJwt('contended'));
      await tenant.waitFor('secrets', 'contended');
    },
    act: (tenant, number) => {
      const bodies: readonly Loose[] = [
        { data: { token: Buffer.from(`t${number}`).toString('base64') } },
        { metadata: { labels: { 'tokens.osg-htc.org/managed': null } } },
        { metadata: { annotations: { 'tokens.osg-htc.org/expires-at': `e${number}` } } },
      ];
      return tenant.patch('secrets', 'contended', bodies[number % bodies.length]);
    },
  },
  {
    name: 'key-annotations',
    title: 'one key Secret of 300 JWTs whose annotation is changed 200 times',
    from: 'secrets',
    count: 200,
    fullOnly: true,
    prepare: async (tenant) => {
      await createKey(tenant);
      await inParallel(300, 8, (number) => tenant.mustCreate('jwts', makeJwt(`shared-${number}`)));
    },
    act: (tenant, number) =>
      tenant.patch('secrets', 'key', { metadata: { annotations: { note: `n${number}` } } }),
  },
];
