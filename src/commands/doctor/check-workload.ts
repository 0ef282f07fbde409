import { arrayMember, member, objectMember, stringMap, type JsonObject } from '../../resources/json.ts';
import { APP } from '../../resources/names.ts';
import { imagesOf } from '../installation/deployment-flags.ts';
import { judge, problem, unknown, well, wellUnless, type Judgement } from '../installation/finding.ts';
import { foundValue } from '../cluster/read-result.ts';
import { installAgain, lookAtPods } from '../installation/remedies.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** Whether as many replicas are ready as are wanted. */
export function checkDeployments(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { deployment, controller, namespace, printer } = snapshot;
  const absent = problem(`there is no Deployment ${namespace}/${APP}`, installAgain(printer));
  const both = [
    ...judge(deployment, absent, (object) => checkReplicas(object, APP, snapshot)),
    ...(controller.state === 'found' ? checkReplicas(controller.value, `${APP}-controller`, snapshot) : []),
  ];
  return both;
}

function checkReplicas(
  deployment: JsonObject,
  name: string,
  snapshot: Pick<InstallationSnapshot, 'namespace' | 'printer'>,
): readonly Judgement[] {
  const { namespace, printer } = snapshot;
  const wanted = numberOf(objectMember(deployment, 'spec'), 'replicas') ?? 1;
  const status = objectMember(deployment, 'status');
  const ready = numberOf(status, 'readyReplicas') ?? 0;
  const what = `Deployment ${namespace}/${name}`;
  if (wanted === 0)
    return [
      problem(
        `${what} is scaled to 0`,
        printer.kubectl('scale', 'deployment', name, '-n', namespace, '--replicas=2'),
      ),
    ];
  if (ready === 0) return [problem(`no replica of ${what} is ready`, lookAtPods(snapshot))];
  if (ready < wanted)
    return [problem(`${ready} of ${wanted} replicas of ${what} are ready`, lookAtPods(snapshot))];
  const updated = numberOf(status, 'updatedReplicas') ?? 0;
  return updated < wanted
    ? [
        problem(
          `only ${updated} of ${wanted} replicas of ${what} are of its newest state`,
          printer.kubectl('rollout', 'status', 'deployment', name, '-n', namespace),
        ),
      ]
    : [well(`${ready} of ${wanted} replicas of ${what} are ready`)];
}

/** A semantic version, with what may follow it; any other tag of an administrator says nothing. */
const VERSION_TAG = /^v?\d+\.\d+\.\d+(?![\w.])/;

/** Compares the versions by the tag of the image; a digest says nothing about the version. */
export function checkVersions({
  deployment,
  controller,
  version,
  printer,
}: InstallationSnapshot): readonly Judgement[] {
  return judge(deployment, unknown('there is no Deployment whose version could be compared'), (object) => {
    const all = [object, ...(controller.state === 'found' ? [controller.value] : [])];
    const tags = new Set(all.flatMap(imagesOf).map(readTag));
    if (tags.size > 1)
      return [
        problem(`containers have images of several versions: ${[...tags].join(', ')}`, installAgain(printer)),
      ];
    const [tag = ''] = tags;
    if (!VERSION_TAG.test(tag))
      return [unknown(`the image has no tag that says its version${tag === '' ? '' : `, but ${tag}`}`)];
    return tag.replace(/^v/, '') === version
      ? [well(`the Deployment and this program have the version ${version}`)]
      : [
          problem(
            `the Deployment has the version ${tag}, this program ${version}: what is said here is about ${version}`,
            'use the program of the version that is installed, or upgrade',
          ),
        ];
  });
}

/** `registry:5000/jwt-injector:1.2.3@sha256:…` → `1.2.3`. */
function readTag(image: string): string {
  const [name = ''] = image.split('@');
  return /:([^:/]+)$/.exec(name)?.[1] ?? '';
}

/** Whether port 443 of the Service leads to the pods. */
export function checkService(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { service, namespace, deployment, printer } = snapshot;
  const absent = problem(
    `there is no Service ${namespace}/${APP}: the API server cannot reach the webhook`,
    installAgain(printer),
  );
  return judge(service, absent, (object) => {
    const spec = objectMember(object, 'spec');
    const port = arrayMember(spec, 'ports').find((entry) => member(entry, 'port') === 443);
    const target = member(port, 'targetPort');
    const pods = foundValue(deployment);
    const isSelecting = pods === undefined || selects(stringMap(member(spec, 'selector')), pods);
    const problems = [
      ...(port === undefined ? [problem('the Service has no port 443', installAgain(printer))] : []),
      ...(port !== undefined && target !== 'webhook' && target !== 8443
        ? [
            problem(
              `port 443 of the Service leads to ${String(target)}, and not to webhook`,
              installAgain(printer),
            ),
          ]
        : []),
      ...(isSelecting
        ? []
        : [
            problem(
              'the selector of the Service does not fit the pods of the Deployment',
              installAgain(printer),
            ),
          ]),
    ];
    return wellUnless(problems, `Service ${namespace}/${APP} leads to the webhook`);
  });
}

function selects(selector: Readonly<Record<string, string>>, deployment: JsonObject): boolean {
  const template = objectMember(objectMember(deployment, 'spec'), 'template');
  const labels = stringMap(member(objectMember(template, 'metadata'), 'labels'));
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([name, value]) => labels[name] === value);
}

/** Whether the Service has an endpoint that is ready. */
export function checkEndpoints(snapshot: InstallationSnapshot): readonly Judgement[] {
  const absent = problem('the Service has no endpoints', lookAtPods(snapshot));
  return judge(snapshot.endpointSlices, absent, (slices) => {
    const endpoints = slices.flatMap((slice) => arrayMember(slice, 'endpoints'));
    const ready = endpoints.filter((one) => member(objectMember(one, 'conditions'), 'ready') !== false);
    if (ready.length > 0)
      return [
        well(`${ready.length} ${ready.length === 1 ? 'replica answers' : 'replicas answer'} for the Service`),
      ];
    const count =
      endpoints.length === 0 ? 'no endpoints' : `${endpoints.length} endpoints, none of them ready`;
    return [
      problem(`the Service has ${count}: the API server cannot reach the webhook`, lookAtPods(snapshot)),
    ];
  });
}

function numberOf(value: unknown, key: string): number | undefined {
  const found = member(value, key);
  return typeof found === 'number' ? found : undefined;
}
