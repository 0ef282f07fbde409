import { isDeepStrictEqual, styleText } from 'node:util';
import { stringify } from 'yaml';
import { ENV, MOUNT, VOLUME } from '../admission/pods.ts';
import type { Loose } from '../integration/objects.ts';
import { countDecisions, countWebhookCalls } from './counters.ts';
import { type Demo, EXAMPLES, NAMESPACE, showKubectl, type Step } from './demo.ts';
import { diffLines } from '../../src/commands/output/diff-lines.ts';
import { expectSoon } from './expect-soon.ts';
import { verify } from './step-failure.ts';

/** From an annotation to a pod with the token. */
export const injectStep: Step = {
  title: 'One annotation gives the token to the pods of a Deployment',
  async play(demo) {
    const { screen, stage, objects } = demo;
    await showKubectl(screen, stage.cluster, ['apply', '-f', EXAMPLES.deployment]);
    const pod = await screen.wait('the Deployment’s pod is made', findPod(demo));
    const { template } = (await objects.get('deployments', NAMESPACE, 'token-test')).spec;
    const before = shapePod(template);
    verify(before.spec.volumes === undefined, 'a template without volumes', before.spec);
    verify(before.spec.containers[0]?.env === undefined, 'a template without env', before.spec);

    const owner = pod.metadata.ownerReferences[0];
    screen.show(`Deployment token-test → ${owner.kind} ${owner.name} → Pod ${pod.metadata.name}`);
    screen.show('The Deployment’s pod template, and with + what its pod has besides:\n\n');
    const lines = diffLines(stringify(before), stringify(shapePod(pod)));
    screen.show(lines.map(({ sign, text }) => paint(sign, `${sign} ${text}`)).join('\n'));
    screen.whisper(
      'left out: what Kubernetes itself adds to every pod (kube-api-access-…, tolerations, defaults)',
    );

    const removed = lines.filter(({ sign }) => sign === '-').map(({ text }) => text);
    verify(removed.length === 0, 'nothing of the template to change', removed);
    const { containers, volumes = [] } = shapePod(pod).spec;
    const [{ env = [], volumeMounts = [] }] = containers;
    for (const [what, found, wanted] of [
      ['volumes', volumes, VOLUME],
      ['volumeMounts', volumeMounts, MOUNT],
      ['env', env, ENV],
    ] as const) {
      verify(isDeepStrictEqual(found, [wanted]), `the pod’s ${what} to be ${show([wanted])}`, found);
    }
    screen.check('volume, mount and BEARER_TOKEN_FILE were added; what the template says is as it was');
  },
};

/** A pod of a user who does not use jwt-injector. */
export const plainPodStep: Step = {
  title: 'A pod without the annotation is not changed, and not even sent to the webhook',
  async play({ screen, stage, objects }) {
    const count = async () => ({
      calls: await countWebhookCalls(stage.cluster),
      decisions: await countDecisions(stage.service()),
    });
    const before = await count();
    verify(before.calls > 0 && before.decisions > 0, 'calls of the webhook for the pods before', before);
    await showKubectl(screen, stage.cluster, ['run', 'plain', '--image=busybox']);
    const after = await count();
    const change = (what: keyof typeof before): string => `${before[what]} before, ${after[what]} after`;
    screen.show(`calls that the API server made to the webhook: ${change('calls')}`);
    screen.show(`decisions that jwt-injector took: ${change('decisions')}`);
    verify(isDeepStrictEqual(after, before), `no further call or decision (${show(before)})`, after);
    const { containers, volumes = [] } = shapePod(await objects.get('pods', NAMESPACE, 'plain')).spec;
    const [{ env = [], volumeMounts = [] }] = containers;
    const added = [...env, ...volumeMounts, ...volumes];
    verify(added.length === 0, 'a pod without env, mounts and volumes of ours', added);
    screen.check('pod plain is as it was written, and the webhook was not called');
  },
};

function findPod({ objects }: Pick<Demo, 'objects'>): Promise<Loose> {
  return expectSoon('a pod of Deployment token-test', async () => {
    const pods = await objects.list('pods', NAMESPACE);
    const pod = pods.find(({ metadata }) => metadata.labels?.app === 'token-test');
    if (pod !== undefined) return { value: pod };
    const [replicaSet] = await objects.list('replicasets', NAMESPACE);
    const why: Loose = replicaSet?.status?.conditions?.find(({ type }: Loose) => type === 'ReplicaFailure');
    return { instead: why === undefined ? 'no pod' : `no pod, as the ReplicaSet says: ${why.message}` };
  });
}

/**
 * The parts of a pod that injection changes: annotations, env, mounts and volumes, without the additions of
 * Kubernetes itself.
 */
function shapePod({ metadata, spec }: Loose): { metadata: Loose; spec: Loose } {
  const isOurs = ({ name }: Loose): boolean => !name.startsWith('kube-api-access-');
  const some = (list: Loose[] = []): Loose => {
    const rest = list.filter(isOurs);
    return rest.length === 0 ? undefined : rest;
  };
  const containers = spec.containers.map(({ name, image, command, env, volumeMounts }: Loose) =>
    defined({ name, image, command, env, volumeMounts: some(volumeMounts) }),
  );
  return {
    metadata: { annotations: metadata.annotations },
    spec: defined({ containers, volumes: some(spec.volumes) }),
  };
}

function defined(object: Loose): Loose {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function show(value: unknown): string {
  return JSON.stringify(value);
}

function paint(sign: ' ' | '+' | '-', line: string): string {
  if (sign === ' ') return line;
  return styleText(sign === '+' ? 'green' : 'red', line);
}
