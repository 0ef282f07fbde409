import { randomUUID } from 'node:crypto';
import type { Stage } from '../controlplane/stage.ts';
import { makeNode, podOnNode } from '../integration/pods-on-node.ts';
import type { BareClient } from './bare-client.ts';
import type { Stored } from './etcd-store.ts';

/** A stored pod that runs and mounts the Secret `the-secret`. */
export interface SamplePod {
  readonly namespace: string;
  readonly json: string;
}

const SECRET = 'the-secret';
const NAME = 'the-pod';
const NODE = 'bench-node';
const MERGE = 'application/merge-patch+json';

/** The status that a kubelet reports for a running pod. */
const RUNNING = {
  phase: 'Running',
  hostIP: '192.0.2.1',
  hostIPs: [{ ip: '192.0.2.1' }],
  podIP: '198.51.100.1',
  podIPs: [{ ip: '198.51.100.1' }],
  startTime: '2026-01-01T00:00:00Z',
  conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
    (type) => ({ type, status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }),
  ),
  containerStatuses: [
    {
      name: 'main',
      ready: true,
      started: true,
      restartCount: 0,
      image: 'docker.io/library/busybox:latest',
      imageID: `docker.io/library/busybox@sha256:${'0123456789abcdef'.repeat(4)}`,
      containerID: `containerd://${'0123456789abcdef'.repeat(4)}`,
      state: { running: { startedAt: '2026-01-01T00:00:01Z' } },
    },
  ],
};

/** Made by the API server, with a node and a status as a kubelet sets it, and then deleted. */
export async function makeSamplePod(
  { cluster }: Stage,
  bare: BareClient,
  namespace: string,
): Promise<SamplePod> {
  await makeNode(cluster, NODE);
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await bare.send('POST', pods, podOnNode({ namespace, name: NAME }, NODE, [{ secret: SECRET }]));
  await bare.send('PATCH', `${pods}/${NAME}/status`, JSON.stringify({ status: RUNNING }), MERGE);
  const pod = JSON.parse(await bare.send('GET', `${pods}/${NAME}`));
  await bare.send('DELETE', `${pods}/${NAME}?gracePeriodSeconds=0`);
  delete pod.metadata.resourceVersion;
  pod.spec.tolerations = [{ operator: 'Exists' }]; // nobody updates the node, so the pods would be evicted after five minutes
  return { namespace, json: JSON.stringify(pod) };
}

/** Name of the pod with this number; the first one has the number 1. */
export function podName(number: number): string {
  return `pod-${String(number).padStart(6, '0')}`;
}

/** Pods like the sample, one for each place. */
export async function* makePods(
  { namespace, json }: SamplePod,
  places: Iterable<{ readonly namespace: string; readonly secret: string }>,
): AsyncGenerator<Stored> {
  const uid = JSON.parse(json).metadata.uid;
  let number = 0;
  for (const place of places) {
    number += 1;
    const name = podName(number);
    const text = json
      .replaceAll(`"namespace":"${namespace}"`, `"namespace":"${place.namespace}"`)
      .replaceAll(uid, randomUUID())
      .replaceAll(NAME, name)
      .replaceAll(SECRET, place.secret);
    yield { path: `pods/${place.namespace}/${name}`, object: JSON.parse(text) };
  }
}
