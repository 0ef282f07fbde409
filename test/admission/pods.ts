import assert from 'node:assert/strict';
import { applyPatch } from 'rfc6902';
import { readPodReview } from '../../src/admission/review-pods.ts';
import type { AdmissionAnswer, AdmissionRequest } from '../../src/resources/admission-review.ts';
import { readPatch, type PatchOperation } from '../../src/resources/json-patch.ts';
import { APP, INJECTION_ANNOTATIONS } from '../../src/resources/names.ts';

export const KEYS = INJECTION_ANNOTATIONS;
export const DIRECTORY = '/var/run/secrets/jwt';

/** Plain JSON, which the tests build. */
export type Json = { [key: string]: unknown };

/** The usual additions for the token `my-jwt`. */
export const VOLUME = {
  name: 'jwt-my-jwt',
  secret: {
    secretName: 'my-jwt',
    items: [{ key: 'token', path: 'token' }],
    defaultMode: 0o444,
    optional: false,
  },
};
export const MOUNT = { name: 'jwt-my-jwt', mountPath: DIRECTORY, readOnly: true };
export const ENV = { name: 'BEARER_TOKEN_FILE', value: `${DIRECTORY}/token` };

/** The smallest container that the API server accepts. */
export function container(name = 'app', more: Json = {}): Json {
  return { name, image: 'busybox', ...more };
}

/** A pod that asks for `my-jwt`, with more annotations and members of its spec. */
export function annotatedPod(spec: Json = {}, annotations: Json = {}): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', annotations: { [KEYS.token]: 'my-jwt', ...annotations } },
    spec: { containers: [container()], ...spec },
  };
}

export function createRequest(object: unknown, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: 'uid-1',
    operation: 'CREATE',
    resource: { group: '', resource: 'pods' },
    subResource: '',
    kind: 'Pod',
    namespace: 'ns',
    name: 'p',
    dryRun: false,
    object,
    oldObject: undefined,
    ...more,
  };
}

/** An answer, with its patch as operations as well. */
export type ReadAnswer = AdmissionAnswer & { readonly operations: readonly PatchOperation[] };

export function readAnswer(answer: AdmissionAnswer): ReadAnswer {
  return { ...answer, operations: readPatch(answer.patch) };
}

export function reviewPod(request: AdmissionRequest, defaultToken: string | undefined): ReadAnswer {
  return readAnswer(readPodReview(request, APP).answer({ known: true, token: defaultToken }));
}

export function review(pod: unknown, defaultToken?: string): ReadAnswer {
  return reviewPod(createRequest(pod), defaultToken);
}

/** The object after the answer's patch, applied by another library than ours. */
export function patched(object: unknown, answer: AdmissionAnswer): Json {
  const copy = structuredClone(object);
  for (const error of applyPatch(copy, [...readPatch(answer.patch)])) assert.ifError(error);
  assert.ok(typeof copy === 'object' && copy !== null);
  return { ...copy };
}

/** The injected pod. Fails if it was not injected. */
export function injected(pod: unknown, defaultToken?: string): Json {
  const answer = review(pod, defaultToken);
  assert.equal(answer.reason, 'Injected', answer.message);
  return patched(pod, answer);
}

/** Reads a nested member: `at(pod, 'spec', 'containers', 0)`. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value;
  for (const key of path)
    found = typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  return found;
}
