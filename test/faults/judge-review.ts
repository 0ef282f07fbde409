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
  return describeChange(patched, object);
}

/** What is wrong with the patched pod. */
function describeChange(patched: Loose, original: Loose): string | undefined {
  if (CONTAINERS.some((list) => patched.spec[list]?.length !== original.spec[list].length))
    return 'more of the pod changed';
  const [before, after] = [allContainers(original), allContainers(patched)];
  const token = original.metadata.annotations['tokens.osg-htc.org/token'];
  const volumes = additions(patched.spec, original.spec, 'volumes');
  const volume = volumes.find(({ secret }) => secret?.secretName === token);
  if (volume === undefined) return 'a pod without the volume of its token';
  const added = after.map((container, index) => ({
    variables: additions(container, before[index], 'env'),
    mounts: additions(container, before[index], 'volumeMounts'),
  }));
  const seesToken = ({ variables, mounts }: (typeof added)[number]): boolean => {
    const mount = mounts.find(({ name }) => name === volume.name);
    const variable = variables.find(({ name }) => name === 'BEARER_TOKEN_FILE');
    return mount !== undefined && variable?.value === `${mount.mountPath}/token`;
  };
  if (!added.every(seesToken)) return 'a container without its token';
  const hasMore =
    volumes.length > 1 || added.some(({ variables, mounts }) => variables.length > 1 || mounts.length > 1);
  const isSame = !hasMore && isDeepStrictEqual(withoutAdditions(patched, original), original);
  return isSame ? undefined : 'more of the pod changed';
}

const CONTAINERS = ['initContainers', 'containers'] as const;

function allContainers({ spec }: Loose): readonly Loose[] {
  return CONTAINERS.flatMap((list) => spec[list]);
}

/** The lists to which the service adds, each with the key of its elements. */
const KEYS = { volumes: 'name', volumeMounts: 'mountPath', env: 'name' } as const;
type List = keyof typeof KEYS;

/** The pod without volumes, mounts and variables that the original does not have. */
function withoutAdditions(pod: Loose, original: Loose): Loose {
  const { spec } = pod;
  const strip = (list: (typeof CONTAINERS)[number]): Loose =>
    spec[list].map((each: Loose, index: number) => ({
      ...each,
      ...keep(each, original.spec[list][index], 'env'),
      ...keep(each, original.spec[list][index], 'volumeMounts'),
    }));
  return {
    ...pod,
    spec: {
      ...spec,
      ...keep(spec, original.spec, 'volumes'),
      initContainers: strip('initContainers'),
      containers: strip('containers'),
    },
  };
}

/** The list without the elements whose key the original's list does not have. */
function keep(owner: Loose, original: Loose, list: List): Loose {
  const added = new Set(additions(owner, original, list));
  return { [list]: owner[list].filter((element: Loose) => !added.has(element)) };
}

/** The elements of a list whose key the original's list does not have. */
function additions(owner: Loose, original: Loose, list: List): readonly Loose[] {
  const known = new Set(original[list].map((element: Loose) => element[KEYS[list]]));
  return (owner[list] ?? []).filter((element: Loose) => !known.has(element[KEYS[list]]));
}

function parse(text: string): Loose {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
