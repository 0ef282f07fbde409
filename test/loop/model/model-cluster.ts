import type { KubeError } from '../../../src/kube/errors.ts';
import { arrayMember, objectMember, stringMember, type JsonObject } from '../../../src/resources/json.ts';
import { pointerTo } from '../../../src/resources/json-patch.ts';
import { APP, OWNING_JWT } from '../../../src/resources/names.ts';
import { formatTime } from '../../../src/time/format-time.ts';
import { answered, type Answer } from './answers.ts';
import { applyFields, editFields, removeOwner, setManagers, isSameFields } from './secret.ts';
import { readBody, toWire, valuesOf } from './secret.ts';
import type { Fields, ModelSecret } from './secret.ts';

/** JSON pointer to the annotation that names the JWT. A Secret of the model has no `annotations` if there are none. */
const NAME_POINTER = pointerTo(['metadata', 'annotations', OWNING_JWT]);

/** Keeps an object until the garbage collector has deleted its dependents. */
const FOREGROUND = 'foregroundDeletion';

/** A JWT as the model's API server stores it; `spec` and `status` as in JSON. */
export interface ModelJwt {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: number;
  readonly generation: number;
  /** Time of the request for deletion, in milliseconds since the epoch. */
  readonly deletedAt: number | undefined;
  /** A deleted JWT stays until they are removed. */
  readonly finalizers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: JsonObject;
  readonly status: JsonObject;
}

/** One object before and after a write; `revision` is that of the cluster after it. */
export type Change = { readonly key: string; readonly revision: number } & (
  | { readonly kind: 'jwt'; readonly before: ModelJwt | undefined; readonly after: ModelJwt | undefined }
  | {
      readonly kind: 'secret';
      readonly before: ModelSecret | undefined;
      readonly after: ModelSecret | undefined;
    }
);

const wires = new WeakMap<ModelJwt | ModelSecret, JsonObject>();

/** JSON of a stored object, made only once. */
export function wireOf(object: ModelJwt | ModelSecret): JsonObject {
  const known = wires.get(object);
  if (known !== undefined) return known;
  const wire = 'fields' in object ? toWire(object) : jwtWire(object);
  wires.set(object, wire);
  return wire;
}

function jwtWire({ deletedAt, resourceVersion, spec, status, ...metadata }: ModelJwt): JsonObject {
  return {
    apiVersion: 'tokens.osg-htc.org/v1',
    kind: 'JWT',
    metadata: {
      ...metadata,
      resourceVersion: String(resourceVersion),
      ...(deletedAt === undefined ? {} : { deletionTimestamp: formatTime(deletedAt / 1000) }),
    },
    spec,
    status,
  };
}

/**
 * JWTs and Secrets as an API server stores them: resourceVersions, generations, field ownership, owner references with garbage
 * collection on request, finalizers. Nothing here takes time; `onChange` is called at once for each write.
 */
export class ModelCluster {
  readonly jwts = new Map<string, ModelJwt>();
  readonly secrets = new Map<string, ModelSecret>();
  readonly #onChange: (change: Change) => void;
  #revision = 1;
  #uids = 0;

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange;
  }

  get revision(): number {
    return this.#revision;
  }

  createJwt(key: string, spec: JsonObject, annotations: Readonly<Record<string, string>> = {}): void {
    if (this.jwts.has(key)) return;
    const jwt = { ...placeOf(key), deletedAt: undefined, labels: {}, annotations, spec, status: {} };
    this.#storeJwt(key, { ...jwt, uid: this.#newUid(), generation: 1, finalizers: [], resourceVersion: 0 });
  }

  /** An edit by a user. The generation changes if the spec does. */
  editJwt(
    key: string,
    edit: Partial<Pick<ModelJwt, 'labels' | 'annotations' | 'finalizers' | 'spec' | 'status'>>,
  ): void {
    const before = this.jwts.get(key);
    if (before === undefined) return;
    const after = { ...before, ...edit };
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    const isSpecEdited = JSON.stringify(after.spec) !== JSON.stringify(before.spec);
    this.#storeJwt(key, { ...after, generation: before.generation + (isSpecEdited ? 1 : 0) });
  }

  /**
   * `foreground`: the deleted JWT stays until its Secret was collected. `orphan`: its Secret loses its owner. `now` in
   * milliseconds since the epoch.
   */
  deleteJwt(key: string, propagation: 'background' | 'foreground' | 'orphan', now: number): void {
    const before = this.jwts.get(key);
    if (before === undefined) return;
    const others = before.finalizers.filter((name) => name !== FOREGROUND);
    const finalizers = propagation === 'foreground' ? [...others, FOREGROUND] : others;
    if (propagation === 'orphan') this.editSecret(key, (values) => values.delete(`owners/${before.uid}`));
    this.#storeJwt(key, { ...before, finalizers, deletedAt: before.deletedAt ?? now });
  }

  createSecret(key: string, values: Readonly<Record<string, unknown>>, manager?: string): void {
    if (this.secrets.has(key)) return;
    const put = (all: Map<string, unknown>): void => {
      for (const [path, value] of Object.entries(values)) all.set(path, value);
    };
    const fields = editFields(new Map(), put, manager);
    this.#storeSecret(key, this.#blankSecret(key, fields));
  }

  editSecret(
    key: string,
    change: (values: Map<string, unknown>) => void,
    more: Partial<Pick<ModelSecret, 'finalizers' | 'immutable'>> = {},
  ): void {
    const before = this.secrets.get(key);
    if (before === undefined) return;
    const after = { ...before, ...more, fields: editFields(before.fields, change) };
    const dataBefore = JSON.stringify(valuesOf(before.fields, 'data'));
    if (before.immutable && JSON.stringify(valuesOf(after.fields, 'data')) !== dataBefore) return;
    if (after.isDeleting && after.finalizers.length === 0) this.#storeSecret(key, undefined);
    else this.#storeSecret(key, after);
  }

  deleteSecret(key: string): void {
    const before = this.secrets.get(key);
    if (before === undefined) return;
    this.#storeSecret(key, before.finalizers.length === 0 ? undefined : { ...before, isDeleting: true });
  }

  /**
   * Does what the garbage collector does from time to time: deletes Secrets whose owners are all deleted or being deleted,
   * removes such owner references from Secrets that have other owners, and deletes JWTs that wait for their Secret. `living`
   * owners are not JWTs.
   */
  collectGarbage(living: readonly string[]): void {
    const alive = new Set(living);
    for (const { deletedAt, finalizers, uid } of this.jwts.values())
      if (deletedAt === undefined || !finalizers.includes(FOREGROUND)) alive.add(uid);
    for (const [key, secret] of this.secrets) {
      const owners = Object.keys(valuesOf(secret.fields, 'owners'));
      const dead = owners.filter((uid) => !alive.has(uid));
      if (dead.length === 0 || secret.isDeleting) continue;
      if (dead.length === owners.length) this.deleteSecret(key);
      else this.editSecret(key, (values) => dead.forEach((uid) => values.delete(`owners/${uid}`)));
    }
    for (const [key, jwt] of this.jwts)
      if (jwt.finalizers.includes(FOREGROUND))
        this.#storeJwt(key, { ...jwt, finalizers: jwt.finalizers.filter((name) => name !== FOREGROUND) });
  }

  /**
   * Server-side apply of a Secret by the service. As on a real API server, the resourceVersion is ignored if the Secret does
   * not exist.
   */
  applySecret(key: string, body: JsonObject, force: boolean): JsonObject {
    const before = this.secrets.get(key);
    if (isOutdated(body, before)) throw refusal('apply', 'secrets', key, { status: 409 });
    const applied = applyFields(before?.fields ?? new Map(), readBody(body), force);
    if ('conflict' in applied) throw refusal('apply', 'secrets', key, { status: 409 });
    const { fields } = applied;
    if (before?.immutable === true && isDataChanged(before.fields, fields))
      throw refusal('apply', 'secrets', key, { status: 422, why: 'immutable' });
    const after = before === undefined ? this.#blankSecret(key, fields) : { ...before, fields };
    return wireOf(this.#storeSecret(key, after) ?? after);
  }

  /**
   * JSON patch by the service, if nothing changed meanwhile. The model supports two: the one that takes over fields of
   * token-manager, and the one that removes an owner and can name the JWT instead.
   */
  patchSecret(key: string, operations: readonly JsonObject[]): JsonObject {
    const before = this.secrets.get(key);
    if (before === undefined) throw refusal('patch', 'secrets', key, { status: 404 });
    const [test, ...changes] = operations;
    if (test?.['value'] !== String(before.resourceVersion))
      throw refusal('patch', 'secrets', key, { status: 422 });
    let { fields } = before;
    for (const { op, path, value } of changes) {
      const [, owner] = /^\/metadata\/ownerReferences\/(\d+)$/.exec(String(path)) ?? [];
      if (op === 'remove' && owner !== undefined) fields = removeOwner(fields, Number(owner));
      else if (op === 'replace' && path === '/metadata/managedFields' && Array.isArray(value))
        fields = setManagers(fields, value);
      else if (op === 'add' && path === NAME_POINTER)
        fields = editFields(fields, (values) => values.set(`annotations/${OWNING_JWT}`, value), APP);
      else throw new Error(`the model does not know ${JSON.stringify(operations)}`);
    }
    const after = { ...before, fields };
    return wireOf(this.#storeSecret(key, after) ?? after);
  }

  /** Merge patch of a JWT by the service. The model supports the one that sets the finalizers. */
  patchJwt(key: string, body: JsonObject): JsonObject {
    const before = this.#jwtToWrite('patch', key, body);
    const finalizers = arrayMember(objectMember(body, 'metadata'), 'finalizers').map(String);
    const after = { ...before, finalizers };
    return wireOf(this.#storeJwt(key, after) ?? after);
  }

  /** Server-side apply of the whole status by the service. */
  applyStatus(key: string, body: JsonObject): JsonObject {
    const before = this.#jwtToWrite('apply', key, body);
    const after = { ...before, status: objectMember(body, 'status') ?? {} };
    return wireOf(this.#storeJwt(key, after) ?? after);
  }

  /** The JWT that a write changes. Throws if it is gone, or another version than the write names. */
  #jwtToWrite(verb: 'patch' | 'apply', key: string, body: JsonObject): ModelJwt {
    const before = this.jwts.get(key);
    if (before === undefined) throw refusal(verb, 'jwts', key, { status: 404 });
    if (isOutdated(body, before)) throw refusal(verb, 'jwts', key, { status: 409 });
    return before;
  }

  #newUid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }

  #blankSecret(key: string, fields: Fields): ModelSecret {
    const rest = { resourceVersion: 0, isDeleting: false, finalizers: [], immutable: false, fields };
    return { ...placeOf(key), uid: this.#newUid(), ...rest };
  }

  #storeJwt(key: string, next: ModelJwt | undefined): ModelJwt | undefined {
    const before = this.jwts.get(key);
    if (next !== undefined && before !== undefined && JSON.stringify(next) === JSON.stringify(before))
      return before;
    this.#revision += 1;
    const isGone = next === undefined || (next.deletedAt !== undefined && next.finalizers.length === 0);
    const after = isGone ? undefined : { ...next, resourceVersion: this.#revision };
    if (after === undefined) this.jwts.delete(key);
    else this.jwts.set(key, after);
    this.#onChange({ kind: 'jwt', key, revision: this.#revision, before, after });
    return after;
  }

  /** A write that changes nothing keeps the resourceVersion and causes no event, as on a real API server. */
  #storeSecret(key: string, next: ModelSecret | undefined): ModelSecret | undefined {
    const before = this.secrets.get(key);
    if (before === undefined && next === undefined) return undefined;
    if (before !== undefined && next !== undefined && isUnchanged(before, next)) return before;
    this.#revision += 1;
    const after = next === undefined ? undefined : { ...next, resourceVersion: this.#revision };
    if (after === undefined) this.secrets.delete(key);
    else this.secrets.set(key, after);
    this.#onChange({ kind: 'secret', key, revision: this.#revision, before, after });
    return after;
  }
}

/** Whether a body has a resourceVersion that differs from that of the present object. */
function isOutdated(body: JsonObject, present: ModelJwt | ModelSecret | undefined): boolean {
  const version = stringMember(objectMember(body, 'metadata'), 'resourceVersion');
  return present !== undefined && version !== undefined && version !== String(present.resourceVersion);
}

/** An error of the API server, as our client reports it. */
export function refusal(verb: string, resource: string, key: string, answer: Answer): KubeError {
  return answered({ verb, resource, ...placeOf(key) }, answer);
}

function placeOf(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

function isUnchanged(a: ModelSecret, b: ModelSecret): boolean {
  const sameMarks = a.isDeleting === b.isDeleting && a.immutable === b.immutable;
  return sameMarks && a.finalizers.join() === b.finalizers.join() && isSameFields(a.fields, b.fields);
}

function isDataChanged(a: Fields, b: Fields): boolean {
  return JSON.stringify(valuesOf(a, 'data')) !== JSON.stringify(valuesOf(b, 'data'));
}
