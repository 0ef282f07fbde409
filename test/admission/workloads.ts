import { readWorkloadReview } from '../../src/admission/review-workloads.ts';
import type { NamespaceDefault } from '../../src/resources/namespace-default.ts';
import { WORKLOAD_KINDS } from '../../src/admission/workloads/workload-kinds.ts';
import type { AdmissionRequest } from '../../src/resources/admission-review.ts';
import { APP, COPIED_ANNOTATION } from '../../src/resources/names.ts';
import { at, container, createRequest, patched, readAnswer, type Json, type ReadAnswer } from './pods.ts';

export const COPIED = COPIED_ANNOTATION;
export const NO_DEFAULT: NamespaceDefault = { known: true, token: undefined };

export interface WorkloadParts {
  readonly kind?: string;
  /** Annotations of the workload itself. */
  readonly annotations?: Json | undefined;
  /** The template's metadata; absent by default. */
  readonly templateMetadata?: unknown;
  readonly podSpec?: unknown;
  readonly metadata?: Json;
}

/** A Deployment, or another workload, with one container. */
export function workload(parts: WorkloadParts): Json {
  const { kind = 'Deployment', annotations, templateMetadata, metadata } = parts;
  const podSpec = parts.podSpec ?? { containers: [container()] };
  const template = {
    ...(templateMetadata === undefined ? {} : { metadata: templateMetadata }),
    spec: podSpec,
  };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  return {
    kind,
    metadata: { name: 'web', ...metadata, ...(annotations === undefined ? {} : { annotations }) },
    spec,
  };
}

export function workloadRequest(object: Json, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const known = WORKLOAD_KINDS.find(({ kind }) => kind === object['kind']);
  const resource = { group: known?.group ?? 'apps', resource: known?.resource ?? 'unknown' };
  return createRequest(object, { kind: String(object['kind']), resource, ...more });
}

export function reviewOf(
  object: Json,
  more: Partial<AdmissionRequest> = {},
  namespaceDefault = NO_DEFAULT,
): ReadAnswer {
  return readAnswer(readWorkloadReview(workloadRequest(object, more), APP).answer(namespaceDefault));
}

/** The workload as the API server stores it after our patch. */
export function stored(object: Json, more: Partial<AdmissionRequest> = {}): Json {
  return patched(object, reviewOf(object, more));
}

/** The record of copied annotations, as it is in the template. */
export function record(values: Json): Json {
  return { [COPIED]: JSON.stringify(values) };
}

export function templateAnnotations(object: Json): unknown {
  const path =
    object['kind'] === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template'];
  return at(object, ...path, 'metadata', 'annotations');
}

export const KINDS: readonly string[] = WORKLOAD_KINDS.map(({ kind }) => kind);
