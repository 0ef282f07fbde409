import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { type ApiAccess, askApi } from '../../controlplane/api-request.ts';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { execute } from '../../runs/execute.ts';
import {
  ASKS_FOR_TOKEN,
  BUSYBOX,
  CLI,
  makeScienceNamespace,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
} from './science-namespace.ts';
import { describeTimes } from './times.ts';
import type { Scene, Story } from './story.ts';

const NAMESPACE = 'science';

/**
 * The kubelet reads its Secrets within 90 s (60 s and up to half of that again), from a cache that is at most
 * 60 s old.
 */
const READ_WITHIN_MS = 150_000;
const CHANGED_WITHIN_MS = 60_000;

/** Prints the end of each token that it finds, and nothing else: the log of the pod has the time. */
const READ_TOKENS = `
id -u; ls -laL "$BEARER_TOKEN_FILE"
while :; do
  read -r token <"$BEARER_TOKEN_FILE"
  [ "$token" = "$last" ] || echo "TOKEN \${token##*.}"
  last=$token
  sleep 0.1
done`;

/** A pod with Pod Security "restricted" reads its token, then the renewed one, and can be debugged. */
export const READER: Story = {
  name: 'reader',
  async play(scene) {
    const { controlPlane } = scene.cluster;
    await makeScienceNamespace(controlPlane, NAMESPACE, 'restricted');
    const pods = await startReaders(scene);
    const first = await readToken(controlPlane.access);
    for (const pod of pods) {
      const log = await waitForToken(scene, pod, first);
      assert.match(log, /^65534\n.*\/var\/run\/secrets\/jwt\/token$/m, log);
    }
    scene.log(`${pods.length} pods read their tokens as user 65534, with a root that cannot be written to`);
    await debug(scene, pods[0] ?? '');
    const delays: number[] = [];
    for (let round = 1; round <= (scene.short ? 1 : 3); round += 1)
      delays.push(...(await renew(scene, pods)));
    const how = 'by the kubelet alone, one token for all pods';
    scene.report('Secret changed → pod reads the new token', { how, ...describeTimes(delays) });
  },
};

async function startReaders({ cluster, short }: Scene): Promise<readonly string[]> {
  const { controlPlane } = cluster;
  const container = {
    name: 'main',
    image: BUSYBOX,
    command: ['sh', '-c', READ_TOKENS],
    securityContext: RESTRICTED_CONTAINER,
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'reader', namespace: NAMESPACE },
    spec: {
      replicas: short ? 4 : 10,
      selector: { matchLabels: { app: 'reader' } },
      template: {
        metadata: { labels: { app: 'reader' }, annotations: ASKS_FOR_TOKEN },
        spec: { terminationGracePeriodSeconds: 1, securityContext: RESTRICTED_POD, containers: [container] },
      },
    },
  };
  await controlPlane.apply(stringify(deployment));
  await controlPlane.kubectl(['rollout', 'status', 'deployment/reader', '-n', NAMESPACE, '--timeout=3m']);
  const list = ['get', 'pods', '-n', NAMESPACE, '-l', 'app=reader', '-o', 'name'];
  const { stdout } = await controlPlane.kubectl(list);
  return stdout.trim().split('\n');
}

/** The signature of the present token. */
async function readToken(access: ApiAccess): Promise<string> {
  const { body } = await askApi(access, 'GET', `/api/v1/namespaces/${NAMESPACE}/secrets/tok`);
  const secret: { data: { token: string } } = JSON.parse(body);
  return Buffer.from(secret.data.token, 'base64').toString().split('.').at(-1) ?? '';
}

/** Waits until the pod has read the token; gives its log, with the time of each line. */
async function waitForToken({ cluster }: Scene, pod: string, signature: string): Promise<string> {
  return waitUntil(`${pod} to read the token`, READ_WITHIN_MS, async () => {
    const { stdout } = await cluster.controlPlane.kubectl(['logs', pod, '-n', NAMESPACE]);
    return stdout.includes(`TOKEN ${signature}`) && stdout;
  });
}

async function debug({ cluster, log }: Scene, pod: string): Promise<void> {
  const { kubectl } = cluster.controlPlane;
  const say = 'echo "DEBUG $BEARER_TOKEN_FILE $(wc -c <$BEARER_TOKEN_FILE)"; sleep 1000';
  await kubectl([
    'debug',
    pod,
    '-n',
    NAMESPACE,
    `--image=${BUSYBOX}`,
    '--container=debugger',
    '--profile=restricted',
    '--',
    'sh',
    '-c',
    say,
  ]);
  const line = await waitUntil('the debug container to read the token', READ_WITHIN_MS, async () => {
    const args = ['logs', pod, '-n', NAMESPACE, '-c', 'debugger'];
    const { stdout } = await kubectl(args, { allowFailure: true });
    return /^DEBUG .+ \d+$/m.exec(stdout)?.[0];
  });
  assert.match(line, /^DEBUG \/var\/run\/secrets\/jwt\/token [1-9]\d{2,}$/);
  log(`kubectl debug reaches the token: ${line}`);
}

/** Has the token renewed with the command line, and measures how long each pod waits for it. */
async function renew(scene: Scene, pods: readonly string[]): Promise<readonly number[]> {
  const { access, kubectl, adminKubeconfig } = scene.cluster.controlPlane;
  const before = await readToken(access);
  const change = waitUntil('a new token', CHANGED_WITHIN_MS, async () => {
    const signature = await readToken(access);
    return signature !== before && { signature, at: Date.now() };
  });
  const renewing = execute(process.execPath, [
    CLI,
    'renew',
    'tok',
    '-n',
    NAMESPACE,
    `--kubeconfig=${adminKubeconfig}`,
  ]);
  const [{ signature, at }] = await Promise.all([change, renewing]);
  const delays = pods.map(async (pod) => {
    const log = await waitForToken(scene, pod, signature);
    const { stdout } = await kubectl(['logs', '--timestamps', pod, '-n', NAMESPACE]);
    const time = new RegExp(`^(\\S+) TOKEN ${signature}$`, 'm').exec(stdout)?.[1];
    assert.ok(time, log);
    return (Date.parse(time) - at) / 1000;
  });
  return Promise.all(delays);
}
