import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { NODES } from '../cluster/addresses.ts';
import { ASKS_FOR_TOKEN, BUSYBOX, makeScienceNamespace } from './science-namespace.ts';
import type { Scene, Story } from './story.ts';

const NAMESPACE = 'kinds';
const SEEN_WITHIN_MS = 180_000; // a CronJob runs at the next full minute
const TOKEN = '/var/run/secrets/jwt/token';

const say = (word: string, more = '') =>
  `echo "${word} $BEARER_TOKEN_FILE $(wc -c <"$BEARER_TOKEN_FILE")"${more}`;
const container = (name: string, command: string) => ({
  name,
  image: BUSYBOX,
  command: ['sh', '-c', command],
});
const STAY = '; sleep 1000';

/** A workload, the label of its pods, their minimum number, and the expected output of each container. */
interface Kind {
  readonly manifest: object;
  readonly selector: string;
  readonly pods: number;
  readonly prints: Readonly<Record<string, RegExp>>;
}

const KINDS: readonly Kind[] = [
  {
    manifest: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', annotations: ASKS_FOR_TOKEN },
      spec: {
        completions: 2,
        parallelism: 2,
        template: {
          metadata: { labels: { app: 'job' } },
          spec: {
            restartPolicy: 'Never',
            initContainers: [
              container('init', say('INIT')),
              { ...container('sidecar', say('SIDECAR', STAY)), restartPolicy: 'Always' },
            ],
            containers: [container('main', say('MAIN'))],
          },
        },
      },
    },
    selector: 'app=job',
    pods: 2,
    prints: { init: saysToken('INIT'), sidecar: saysToken('SIDECAR'), main: saysToken('MAIN') },
  },
  {
    manifest: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'cron', annotations: ASKS_FOR_TOKEN },
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          spec: {
            template: {
              metadata: { labels: { app: 'cron' } },
              spec: { restartPolicy: 'Never', containers: [container('main', say('CRON'))] },
            },
          },
        },
      },
    },
    selector: 'app=cron',
    pods: 1,
    prints: { main: saysToken('CRON') },
  },
  {
    manifest: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'set', annotations: { 'tokens.osg-htc.org/token': 'tok, other.tok' } },
      spec: {
        replicas: 2,
        serviceName: 'set',
        selector: { matchLabels: { app: 'set' } },
        template: {
          metadata: { labels: { app: 'set' } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              container('main', say('SET', '; wc -c </var/run/secrets/jwt-other.tok/token; sleep 1000')),
            ],
          },
        },
      },
    },
    selector: 'app=set',
    pods: 2,
    prints: { main: new RegExp(`${saysToken('SET').source}\n[1-9]\\d\\d+$`, 'm') },
  },
  {
    manifest: {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'daemon' },
      spec: {
        selector: { matchLabels: { app: 'daemon' } },
        template: {
          metadata: {
            labels: { app: 'daemon' },
            annotations: {
              ...ASKS_FOR_TOKEN,
              'tokens.osg-htc.org/file-mode': '0440',
              'tokens.osg-htc.org/mount-path': '/tokens/x',
            },
          },
          spec: {
            terminationGracePeriodSeconds: 1,
            securityContext: { fsGroup: 4711, runAsUser: 65_534, runAsGroup: 65_534 },
            containers: [container('main', `ls -lnL "$BEARER_TOKEN_FILE"; ${say('DAEMON', STAY)}`)],
          },
        },
      },
    },
    selector: 'app=daemon',
    pods: NODES.length,
    prints: { main: /^-r--r----- +1 0 +4711 .*\nDAEMON \/tokens\/x\/token [1-9]\d\d+$/m },
  },
];

/**
 * If two Secrets have the same file, the injector relies on the kubelet: the file of the later one is used.
 */
const TWO_SECRETS: Kind = {
  manifest: {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'projected',
      labels: { app: 'projected' },
      annotations: { 'tokens.osg-htc.org/token': 'tok, other.tok' },
    },
    spec: {
      restartPolicy: 'Never',
      volumes: [
        {
          name: 'both',
          projected: { sources: [{ secret: { name: 'tok' } }, { secret: { name: 'other.tok' } }] },
        },
      ],
      containers: [
        {
          ...container(
            'main',
            say(
              'POD',
              '; [ -s /both/token ] && ! cmp -s "$BEARER_TOKEN_FILE" /both/token && echo later $(ls /var/run/secrets)',
            ),
          ),
          volumeMounts: [{ name: 'both', mountPath: '/both' }],
        },
      ],
    },
  },
  selector: 'app=projected',
  pods: 1,
  // `tok` got a volume, `other.tok` did not: it is in /both.
  prints: { main: new RegExp(`${saysToken('POD').source}\nlater jwt kubernetes\\.io$`, 'm') },
};

/** Every kind of workload that creates pods: each of their containers reads its token from its start on. */
export const KINDS_OF_WORKLOADS: Story = {
  name: 'kinds',
  async play(scene) {
    await makeScienceNamespace(scene.cluster.controlPlane, NAMESPACE, 'baseline');
    const kinds = [...KINDS, TWO_SECRETS];
    const manifests = kinds.map(({ manifest }) => stringify({ ...manifest }));
    await scene.cluster.controlPlane.kubectl(['apply', '-n', NAMESPACE, '-f', '-'], {
      input: manifests.join('---\n'),
    });
    for (const kind of kinds) await expectPrinted(scene, kind);
    const jobDone = ['wait', 'job/job', '-n', NAMESPACE, '--for=condition=Complete', '--timeout=120s'];
    await scene.cluster.controlPlane.kubectl(jobDone); // although its sidecar would run forever
    scene.log(
      'Job with init container and sidecar, CronJob, StatefulSet and DaemonSet with fsGroup read their tokens',
    );
    scene.log('a projected volume of two Secrets with the same file shows that of the later one');
  },
};

function saysToken(word: string): RegExp {
  return new RegExp(`^${word} ${TOKEN} [1-9]\\d\\d+$`, 'm');
}

async function expectPrinted({ cluster }: Scene, { selector, pods, prints }: Kind): Promise<void> {
  const { kubectl } = cluster.controlPlane;
  const list = ['get', 'pods', '-n', NAMESPACE, '-l', selector, '-o', 'name'];
  const made = await waitUntil(`${pods} pods of ${selector}`, SEEN_WITHIN_MS, async () => {
    const names = (await kubectl(list)).stdout.split('\n').filter(Boolean);
    return names.length >= pods && names;
  });
  for (const pod of made) {
    for (const [name, pattern] of Object.entries(prints)) {
      let last = '';
      await waitUntil(`container ${name} of ${pod} to print its token`, SEEN_WITHIN_MS, async () => {
        last = (await kubectl(['logs', '-n', NAMESPACE, pod, '-c', name], { allowFailure: true })).stdout;
        return pattern.test(last);
      }).catch((error: unknown) => assert.fail(`${String(error)}; it printed: ${last}`));
    }
  }
}
