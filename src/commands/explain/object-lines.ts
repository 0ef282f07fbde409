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

/** A pod or workload for people: the decision, the warnings, what is added, and the pod before and after. */
export function describeObject(
  { report, before, after }: ExplainedObject,
  source: string,
  paint: Paint,
): readonly string[] {
  const { kind, name, namespace, template, decision, reason, message } = report;
  // For the kinds of Kubernetes itself there is only one place.
  const place = template === '' || findKind(kind) !== undefined ? '' : `, ${template}`;
  const title = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}${place}`;
  const diff = formatDiff(before, after, paint);
  const isPod = kind === 'Pod';
  return [
    `${paint('bold', title)}${source === '' ? '' : ` (${source})`}: ${paint(DECISION_COLOURS[decision], `${DECISION_WORDS[decision]} (${reason})`)}`,
    `  ${message}`,
    ...report.warnings.map((warning) => `  ${paint('yellow', 'warning:')} ${warning}`),
    ...describeCopied(report),
    ...describeAdded(report),
    ...(diff.length === 0 ? [] : ['', `${isPod ? 'The pod' : 'Its pods'}, before and after:`, ...diff]),
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
