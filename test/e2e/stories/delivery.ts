import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type ApiAccess, askApi } from '../../controlplane/api-request.ts';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { upgradeChart } from '../cluster/install.ts';
import { followTokens, type SeenTokens } from './follow-tokens.ts';
import {
  BUSYBOX,
  makeScienceNamespace,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
  scienceJwt,
} from './science-namespace.ts';
import { describeTimes } from './times.ts';
import type { Scene, Story } from './story.ts';

const NAMESPACE = 'delivery';
/** Number of tokens of a pod, each in a directory of its own. */
const TOKENS = 5;
const PODS = 10;
/** Number of renewals of each JWT: with more within a minute, renewals would be delayed. */
const ROUNDS = 4;
const PAUSE_MS = 300; // between two renewals

/** The kubelet reads Secrets within 90 s; a machine under load can need twice the time. */
const READ_WITHIN_MS = 180_000;

/** Prints the end of each token that it finds in one of its files, once. */
const READ_TOKENS = `
while :; do
  for file in /var/run/secrets/jwt*/token; do
    read -r token <"$file"
    case "$seen" in
      *"\${token##*.}"*) ;;
      *) seen="$seen \${token##*.}"; echo "TOKEN \${token##*.}" ;;
    esac
  done
  sleep 0.1
done`;

/** How long pods wait for a new token: with the kubelet's own interval, and with prompt delivery. */
export const DELIVERY: Story = {
  name: 'delivery',
  async play(scene) {
    const { controlPlane } = scene.cluster;
    const pods = Array.from({ length: scene.short ? 2 : PODS }, (_, index) => `reader-${index}`);
    await makeScienceNamespace(controlPlane, NAMESPACE, 'restricted');
    const jwts = pods.flatMap(tokensOf).map((name) => scienceJwt(NAMESPACE, name));
    await controlPlane.apply(jwts.map((one) => stringify(one)).join('---\n'));
    await controlPlane.apply(pods.map((pod) => stringify(reader(pod))).join('---\n'));
    const all = ['--all', '-n', NAMESPACE, '--timeout=3m'];
    await controlPlane.kubectl(['wait', 'pod', ...all, '--for=condition=Ready']);
    await using tokens = await followTokens(controlPlane, NAMESPACE);

    if (!scene.short) await measure(scene, tokens, pods, 'by the kubelet alone', 1);
    await upgradeChart(scene.cluster, { promptDelivery: { enabled: true } });
    await measure(scene, tokens, pods, 'with prompt delivery', ROUNDS);
    await upgradeChart(scene.cluster, { promptDelivery: { enabled: false } });
  },
};

function tokensOf(pod: string): readonly string[] {
  return Array.from({ length: TOKENS }, (_, index) => `${pod}-${index}`);
}

function reader(name: string): object {
  const container = {
    name: 'main',
    image: BUSYBOX,
    command: ['sh', '-c', READ_TOKENS],
    securityContext: RESTRICTED_CONTAINER,
  };
  const annotations = { 'tokens.osg-htc.org/token': tokensOf(name).join(',') };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, annotations },
    spec: { terminationGracePeriodSeconds: 1, securityContext: RESTRICTED_POD, containers: [container] },
  };
}

/**
 * Renews the tokens of the pods one after the other, each several times, and reports how long their pods
 * waited.
 */
async function measure(
  scene: Scene,
  tokens: SeenTokens,
  pods: readonly string[],
  how: string,
  rounds: number,
): Promise<void> {
  const { access } = scene.cluster.controlPlane;
  const before = tokens.all().length;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of pods.flatMap(tokensOf)) {
      await requestRenewal(access, name);
      await sleep(PAUSE_MS);
    }
  }
  const expected = pods.length * TOKENS * rounds;
  await waitUntil('all tokens to be renewed', READ_WITHIN_MS, () =>
    Promise.resolve(tokens.all().length >= before + expected),
  );
  const renewed = tokens.all().slice(before);
  const read = await waitUntil('all pods to read their tokens', READ_WITHIN_MS, async () => {
    const times = new Map((await Promise.all(pods.map((pod) => readLog(scene, pod)))).flat());
    return renewed.every(({ signature }) => times.has(signature)) && times;
  });
  const delays = renewed.map(({ signature, at }) => ((read.get(signature) ?? Number.NaN) - at) / 1000);
  assert.ok(delays.every(Number.isFinite));
  scene.report('Secret changed → pod reads the new token', { how, ...describeTimes(delays) });
}

async function requestRenewal(access: ApiAccess, name: string): Promise<void> {
  const path = `/apis/tokens.osg-htc.org/v1/namespaces/${NAMESPACE}/jwts/${name}`;
  const body = { metadata: { annotations: { 'tokens.osg-htc.org/renew': new Date().toISOString() } } };
  const answer = await askApi(access, 'PATCH', path, body);
  assert.equal(answer.status, 200, answer.body);
}

/** When the pod first saw each token, by its signature; milliseconds since the epoch. */
async function readLog({ cluster }: Scene, pod: string): Promise<readonly (readonly [string, number])[]> {
  const { stdout } = await cluster.controlPlane.kubectl(['logs', '--timestamps', pod, '-n', NAMESPACE]);
  return [...stdout.matchAll(/^(\S+) TOKEN (\S+)$/gm)].map(([, time = '', signature = '']) => [
    signature,
    Date.parse(time),
  ]);
}
