import { isDeepStrictEqual } from 'node:util';
import { applyPatch } from 'rfc6902';
import type { Loose } from '../integration/objects.ts';
import type { Reply } from './reviewer.ts';

/**
 * I8: what is wrong with the answer to the review of a pod that asks for a token, if anything is. The pod
 * must be let in, with the token's file in each container, and nothing else in it may change. It has volumes,
 * and each container variables and mounts, of its own.
 */
export function describeFlaw(review: Loose, { status, text }: Reply): string | undefined {
  if (status !== 200) return `answered ${status}`;
  const answer = parse(text);
  if (answer?.kind !== 'AdmissionReview' || answer.apiVersion !== 'admission.k8s.io/v1')
    return 'no AdmissionReview';
  const { uid, allowed, patch, patchType } = answer.response ?? {};
  if (uid !== review.request.uid) return 'the answer to another review';
  if (allowed !== true) return `refused: ${String(answer.response.status?.message).slice(0, 100)}`;
  const operations = patchType === 'JSONPatch' ? parse(Buffer.from(patch, 'base64').toString()) : undefined;
  if (operations === undefined) return 'no patch';
  const { object } = review.request;
  const patched = structuredClone(object);
  if (applyPatch(patched, operations).some((problem) => problem !== null)) return 'a patch that does not fit';
  const files = allContainers(patched).flatMap(({ env = [] }) =>
    env.filter(({ name }: Loose) => name === 'BEARER_TOKEN_FILE'),
  );
  if (files.length !== allContainers(object).length) return 'a container without its token';
  return isDeepStrictEqual(withoutAdditions(patched, object), object) ? undefined : 'more of the pod changed';
}

function allContainers({ spec }: Loose): readonly Loose[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** The pod without volumes, mounts and variables that the original does not have. */
function withoutAdditions(pod: Loose, original: Loose): Loose {
  const { spec } = pod;
  const strip = (member: 'initContainers' | 'containers'): Loose =>
    spec[member].map((each: Loose, index: number) => ({
      ...each,
      ...keep(each, original.spec[member][index], 'env', 'name'),
      ...keep(each, original.spec[member][index], 'volumeMounts', 'mountPath'),
    }));
  return {
    ...pod,
    spec: {
      ...spec,
      ...keep(spec, original.spec, 'volumes', 'name'),
      initContainers: strip('initContainers'),
      containers: strip('containers'),
    },
  };
}

/** The elements of a list whose key the original's list has, too. */
function keep(owner: Loose, original: Loose, list: string, key: string): Loose {
  const known = new Set(original[list].map((element: Loose) => element[key]));
  return { [list]: owner[list].filter((element: Loose) => known.has(element[key])) };
}

function parse(text: string): Loose {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
