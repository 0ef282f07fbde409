import { mountedDeep, mountedLong, shownLong } from '../admission/hostile-reviews.ts';
import type { Json } from '../admission/pods.ts';
import type { TenantRequests } from './tenant-requests.ts';
import type { Loose } from '../integration/objects.ts';
import { deploymentOf, heavyPod } from './objects.ts';
import { STORED, type Answer } from './tenant.ts';

const LONG = 'a'.repeat(200_000);
const PATH_OF_A_MEGABYTE: Loose = {
  name: 'other',
  secret: { secretName: 'b', items: [{ key: 'a', path: 'p'.repeat(1_000_000) }] },
};

/** The API server itself validates the object (422) after the webhook has answered. */
const SEEN: readonly Answer[] = [...STORED, '400 by a webhook', '422'];

/** The pod for any number of creations, in the namespace of the request. */
function unnamed(pod: Json): Loose {
  const { annotations } = Object(pod['metadata']);
  return { ...pod, metadata: { generateName: 'heavy-', annotations } };
}

/** Requests of a user who is allowed to create pods and Deployments in a namespace. */
export const POD_REQUESTS: readonly TenantRequests[] = [
  {
    name: 'mount-path',
    title: 'pods with a mount path of 200 KB and 400 containers',
    from: 'pods',
    count: 20,
    reaches: SEEN,
    act: (tenant) =>
      tenant.create('pods', heavyPod({ annotation: 'mount-path', value: `/${LONG}`, containers: 400 })),
  },
  {
    name: 'env-var',
    title: 'pods with a variable name of 200 KB and 1,000 containers',
    fullOnly: true,
    from: 'pods',
    count: 20,
    reaches: SEEN,
    act: (tenant) =>
      tenant.create('pods', heavyPod({ annotation: 'env-var', value: LONG, containers: 1_000 })),
  },
  {
    name: 'long-item',
    title: 'pods with a file path of 1 MB in a volume and 400 containers',
    from: 'pods',
    count: 20,
    reaches: SEEN,
    act: (tenant) =>
      tenant.create(
        'pods',
        heavyPod({
          annotation: 'mount-path',
          value: '/var/run/secrets',
          containers: 400,
          volumes: [PATH_OF_A_MEGABYTE],
        }),
      ),
  },
  {
    name: 'template',
    title: 'Deployments with such templates',
    from: 'pods',
    count: 20,
    reaches: SEEN,
    act: (tenant, number) => {
      const annotation = number % 2 === 0 ? 'mount-path' : 'env-var';
      const pod = heavyPod({ annotation, value: `/${LONG}`, containers: 400, volumes: [PATH_OF_A_MEGABYTE] });
      return tenant.create('deployments', deploymentOf(pod));
    },
  },
  {
    name: 'shown-paths',
    title: 'pods with 2,000 containers that each see a token at 8 paths of 4 KB',
    from: 'pods',
    count: 20,
    reaches: ['400 by a webhook'],
    act: (tenant) => tenant.create('pods', unnamed(shownLong(2_000))),
  },
  {
    name: 'long-mount',
    title: 'pods with 32 tokens at 8 paths each, and a mount of all at a path of 2.5 MB',
    from: 'pods',
    count: 20,
    reaches: ['400 by a webhook'],
    act: (tenant) => tenant.create('pods', unnamed(mountedLong(2_500_000))),
  },
  {
    name: 'deep-mounts',
    title: 'pods with 300 mounts of a token, each at a path of 2,000 parts',
    from: 'pods',
    count: 20,
    reaches: SEEN,
    act: (tenant) => tenant.create('pods', unnamed(mountedDeep(300))),
  },
  {
    name: 'token-list',
    title: 'pods that ask for 60,000 tokens in 1,000 containers',
    from: 'pods',
    count: 20,
    reaches: SEEN,
    fullOnly: true,
    act: (tenant) => {
      const value = Array.from({ length: 60_000 }, (_, number) => number.toString(36))
        .join(',')
        .slice(0, 200_000);
      return tenant.create('pods', heavyPod({ annotation: 'token', value, containers: 1_000 }));
    },
  },
  {
    name: 'name-list',
    title: 'pods with 5,000 containers that choose 40,000 names',
    from: 'pods',
    count: 20,
    reaches: SEEN,
    fullOnly: true,
    act: (tenant) => {
      const value = Array.from({ length: 40_000 }, (_, number) => `x${number}`)
        .join(',')
        .slice(0, 240_000);
      return tenant.create('pods', heavyPod({ annotation: 'containers', value, containers: 5_000 }));
    },
  },
];
