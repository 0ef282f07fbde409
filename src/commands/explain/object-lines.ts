import { COPIED_ANNOTATION } from '../../resources/names.ts';
import { findKind } from '../workloads/kinds.ts';
import { formatDiff } from '../output/diff-yaml.ts';
import type { ExplainedObject, ObjectReport } from './explain-object.ts';
import type { Paint, Style } from '../output/report-output.ts';

const DECISION_COLOURS: Readonly<Record<ObjectReport['decision'], Style>> = {
  inject: 'green',
  skip: 'yellow',
  deny: 'red',
};
const DECISION_WORDS: Readonly<Record<ObjectReport['decision'], string>> = {
  inject: 'gets its token',
  skip: 'stays as it is',
  deny: 'is refused',
};

/** The words for a pod that was made without what a new one would get. */
const LACKS_TOKEN = 'has no token; a new pod gets it';

/** The file that an object is from, or empty, and whether it is in the cluster, where a pod is not changed any more. */
interface ObjectSource {
  readonly source: string;
  readonly isMade: boolean;
}

/** A pod or workload for people: the decision, the warnings, what is added, and the pod before and after. */
export function describeObject(
  { report, before, after }: ExplainedObject,
  { source, isMade }: ObjectSource,
  paint: Paint,
): readonly string[] {
  const { kind, name, namespace, template, decision, reason, message } = report;
  // For the kinds of Kubernetes itself there is only one place.
  const place = template === '' || findKind(kind) !== undefined ? '' : `, ${template}`;
  const title = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}${place}`;
  const diff = formatDiff(before, after, paint);
  const isPod = kind === 'Pod';
  const isLacking = isPod && isMade && decision === 'inject';
  const words = isLacking ? LACKS_TOKEN : DECISION_WORDS[decision];
  const colour = isLacking ? 'red' : DECISION_COLOURS[decision];
  const owner = isLacking ? 'A new pod' : isPod ? 'The pod' : 'Its pods';
  return [
    `${paint('bold', title)}${source === '' ? '' : ` (${source})`}: ${paint(colour, `${words} (${reason})`)}`,
    `  ${message}`,
    ...report.warnings.map((warning) => `  ${paint('yellow', 'warning:')} ${warning}`),
    ...describeCopied(report),
    ...describeAdded(report),
    ...(diff.length === 0 ? [] : ['', `${owner}, before and after:`, ...diff]),
  ];
}

function describeCopied({ copied, kind }: ObjectReport): readonly string[] {
  return Object.entries(copied)
    .filter(([key]) => key !== COPIED_ANNOTATION)
    .map(([key, value]) =>
      value === null
        ? `  - removes annotation ${key} from the pod template: it was removed from the ${kind}`
        : `  + copies annotation ${key}: ${JSON.stringify(value)} from the ${kind} to its pod template`,
    );
}

function describeAdded({ added }: ObjectReport): readonly string[] {
  const volumes = added.volumes.map(({ name, secret }) => {
    const mode = secret.defaultMode.toString(8).padStart(4, '0');
    return `  + volume ${name}: Secret ${secret.secretName}, file mode ${mode}`;
  });
  const containers = added.containers.map(({ name, mounts, env }) => {
    const parts = [
      ...mounts.map(({ mountPath }) => `mount ${mountPath}`),
      ...(env === undefined ? [] : [`env ${env.name}=${env.value}`]),
    ];
    return `  + container ${name}: ${parts.join(', ')}`;
  });
  return [...volumes, ...containers];
}
