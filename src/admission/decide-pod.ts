import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import type { Result } from '../resources/result.ts';
import { checkAnnotationKeys, checkLabelKeys } from './annotations/annotation-keys.ts';
import { warnOfEmptyValues } from './annotations/annotation-values.ts';
import { readSettings, type InjectionSettings } from './annotations/injection-settings.ts';
import { denyPod, skipPod, type Decision, type PodDenial, type SkipDecision } from './decision.ts';
import { planInjection } from './plan-injection.ts';
import type { PodShape } from './pod-shape.ts';
import type { ReadPod } from './read-pod.ts';
import { selectContainers } from './select-containers.ts';
import { joinWarnings, NO_WARNINGS, type Warning } from './warnings.ts';
import { requiresWindowsByAffinity, windowsSetting } from './windows.ts';

/**
 * Decides what happens to a new pod: a pure function of the pod as `readPod` returns it and of the label of its namespace
 * (`undefined` without one, or if no default is in use). Nothing is looked up: whether the JWT exists does not matter to
 * admission, as the kubelet waits for its Secret.
 */
export function decidePod(read: Result<ReadPod, SkipDecision>, defaultToken: string | undefined): Decision {
  if (!read.ok) return read.problem;
  const { values, annotations, labels, namespace, shape } = read.value;
  const ofKeys = [
    ...warnOfEmptyValues(values),
    ...checkAnnotationKeys(annotations),
    ...checkLabelKeys(labels),
  ];
  const settings = readSettings(values, defaultToken);
  const warnings = joinWarnings(ofKeys, settings.warnings);
  if (!settings.ok) return denyPod({ reason: 'InvalidAnnotation', ...settings.problem }, warnings);
  if (settings.value === undefined) {
    const where = namespace === undefined ? '' : ' or by its namespace';
    return skipPod('NotRequested', `no token is named by the pod${where}`, warnings);
  }
  return decideInjection(shape, settings.value, warnings);
}

/** `found` are the warnings so far. */
function decideInjection(shape: PodShape, settings: InjectionSettings, found: readonly Warning[]): Decision {
  const windows = windowsSetting(shape.spec);
  if (windows !== undefined) return denyPod(explainWindows(windows), found);
  const selected = selectContainers(shape.containers, settings.containers);
  const aboutPod = [...found, ...warnOfWindowsAffinity(shape), ...selected.warnings];
  if (!selected.ok) return denyPod({ reason: 'InvalidAnnotation', ...selected.problem }, aboutPod);
  const plan = planInjection(shape, selected.value, settings);
  const warnings = joinWarnings(aboutPod, plan.warnings);
  if (!plan.ok) return denyPod(plan.problem, warnings);
  const { tokens } = settings;
  const names = tokens.join(', ');
  const count = plan.value.containers.length;
  if (plan.value.volumes.length === 0 && count === 0)
    return skipPod('AlreadyInjected', `what is injected for ${names} is in the pod already`, warnings);
  const message = `${names} injected into ${count} ${count === 1 ? 'container' : 'containers'}`;
  return { decision: 'inject', reason: 'Injected', message, warnings, tokens, plan: plan.value };
}

function warnOfWindowsAffinity({ spec }: PodShape): readonly Warning[] {
  if (!requiresWindowsByAffinity(spec)) return NO_WARNINGS;
  const text = 'node affinity allows Windows nodes only, where tokens are not supported';
  return [{ kind: 'windowsAffinity', text }];
}

function explainWindows(setting: string): PodDenial {
  return {
    reason: 'WindowsPod',
    what: `${setting} asks for Windows, where tokens cannot be injected`,
    remedy: `annotate the pod with ${INJECTION_ANNOTATIONS.inject}: "false"`,
  };
}
