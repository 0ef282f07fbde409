import { mountedDeep, mountedLong, shownLong, stackedVolumes } from '../admission/hostile-reviews.ts';
import type { Body } from './body.ts';
import { heavyPod } from './objects.ts';
import { containersOf, podReview, reviewOf, TOKEN, undecidedReview } from './reviews.ts';

/**
 * In a cluster, all annotations of an object together cannot be longer (256 KiB), and longer ones are not
 * read.
 */
const ANNOTATION_CHARACTERS = 240_000;

/** A list of many short names, to fill an annotation. */
function nameList(count: number): string {
  return Array.from({ length: count }, (_, number) => number.toString(36))
    .join(',')
    .slice(0, ANNOTATION_CHARACTERS);
}

/** Pods and workloads for which a decision is the most expensive. */
export const POD_BODIES: readonly Body[] = [
  {
    name: 'pod-of-containers',
    title: 'a pod with 200,000 containers',
    fullOnly: true,
    make: () => podReview(`{"containers":[${containersOf(200_000)}]}`),
    reaches: /^200 denied: .*too large/,
  },
  {
    name: 'pod-of-mounts',
    title: 'a pod with 20,000 volumes and 20,000 mounts of each other',
    make: () => {
      const numbers = Array.from({ length: 20_000 }, (_, number) => number);
      const volumes = numbers.map((n) => `{"name":"v${n}","secret":{"secretName":"s${n}"}}`).join(',');
      const mounts = numbers.map((n) => `{"name":"v${n}","mountPath":"/m/${n}"}`).join(',');
      return podReview(`{"volumes":[${volumes}],"containers":[{"name":"a","volumeMounts":[${mounts}]}]}`);
    },
    reaches: /^200 patched/,
  },
  {
    name: 'pod-of-tokens',
    title: 'a pod that asks for 60,000 tokens, in 1,000 containers',
    fullOnly: true,
    make: () =>
      podReview(
        `{"containers":[${containersOf(1_000)}]}`,
        `"annotations":{"tokens.osg-htc.org/token":"${nameList(60_000)}"}`,
      ),
    reaches: /^200 denied: .*tokens/,
  },
  {
    name: 'pod-of-names',
    title: 'a pod with 5,000 containers that skips 50,000 names',
    fullOnly: true,
    make: () => {
      const skip = `"tokens.osg-htc.org/skip-containers":"${nameList(50_000)}"`;
      return podReview(
        `{"containers":[${containersOf(5_000)}]}`,
        `"annotations":{"tokens.osg-htc.org/token":"a",${skip}}`,
      );
    },
    reaches: /^200 (?:patched|denied)/,
  },
  {
    name: 'pod-long-path',
    title: 'a pod with a mount path of 240 KB and 20,000 containers',
    fullOnly: true,
    make: () => {
      const pod = heavyPod({
        annotation: 'mount-path',
        value: `/${'a'.repeat(ANNOTATION_CHARACTERS)}`,
        containers: 20_000,
      });
      return reviewOf('pods', 'Pod', JSON.stringify(pod));
    },
    reaches: /^200 (?:patched|denied)/,
  },
  {
    name: 'pod-shown-paths',
    title: 'a pod with 50,000 containers that each see a token at 8 paths of 4 KB',
    make: () => reviewOf('pods', 'Pod', JSON.stringify(shownLong(50_000))),
    reaches: /^200 denied: .*too large/,
  },
  {
    name: 'pod-long-mount',
    title: 'a pod with 32 tokens at 8 paths each, and a mount of all at a path of 8 MB',
    make: () => reviewOf('pods', 'Pod', JSON.stringify(mountedLong(8_000_000))),
    reaches: /^200 denied: .*mount path/,
  },
  {
    name: 'pod-deep-mounts',
    title: 'a pod with 1,900 mounts of a token, each at a path of 2,000 parts',
    make: () => reviewOf('pods', 'Pod', JSON.stringify(mountedDeep(1_900))),
    reaches: /^200 patched/,
  },
  {
    name: 'pod-stacked-volumes',
    title: 'a pod with 256 volumes of 32 tokens of 8 files, all at one directory of each of 250 containers',
    make: () => reviewOf('pods', 'Pod', JSON.stringify(stackedVolumes(256, 8, 250))),
    reaches: /^200 denied: .*too large/,
  },
  {
    name: 'review-namespace',
    title: 'a pod in a namespace whose name has 2.7 million characters of three bytes',
    make: () => undecidedReview('pods', '€'.repeat(2_700_000)),
    reaches: /^200 left alone/,
    count: 40,
  },
  {
    name: 'copied-annotations',
    title: 'a Deployment whose record of copied annotations is 240 KB of nested JSON',
    fullOnly: true,
    path: '/mutate/workloads',
    make: () => {
      const copied = JSON.stringify('['.repeat(ANNOTATION_CHARACTERS));
      const template = `{"metadata":{"annotations":{"tokens.osg-htc.org/copied":${copied}}},"spec":{"containers":[{"name":"a"}]}}`;
      return reviewOf(
        'deployments',
        'Deployment',
        `{"metadata":{"name":"a",${TOKEN}},"spec":{"template":${template}}}`,
      );
    },
    reaches: /^200 patched/,
  },
];
