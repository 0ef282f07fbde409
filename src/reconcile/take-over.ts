import { arrayMember, isJsonObject, objectMember, stringMember, type JsonObject } from '../resources/json.ts';
import type { Jwt } from '../resources/jwt.ts';
import { APP, EXPIRES_AT, KOPF_PREFIX, LAST_SIGNING_TIME } from '../resources/names.ts';
import type { SecretMetadata } from '../resources/secret.ts';

/** A token-manager that still runs puts its marks back at once; they are taken off again this often, in ms. */
const CLEANING_INTERVAL_MS = 3_600_000;

/** What token-manager left on a JWT. */
export interface LegacyMarks {
  readonly annotations: readonly string[];
  readonly finalizers: readonly string[];
}

/** The marks that are on the JWT now; `undefined` when there are none. */
export function findLegacyMarks(jwt: Jwt): LegacyMarks | undefined {
  const annotations = Object.keys(jwt.annotations).filter(isKopf);
  const finalizers = jwt.finalizers.filter(isKopf);
  return annotations.length + finalizers.length === 0 ? undefined : { annotations, finalizers };
}

/**
 * A merge patch (RFC 7386) of the JWT that takes the marks off. Its finalizer would keep JWT and namespace from ever
 * being deleted once token-manager is gone. Carries the resourceVersion, so that no finalizer of others is lost.
 */
export function cleaningPatch(jwt: Jwt, marks: LegacyMarks): JsonObject {
  return {
    metadata: {
      resourceVersion: jwt.resourceVersion,
      annotations: Object.fromEntries(marks.annotations.map((name) => [name, null])),
      finalizers: jwt.finalizers.filter((name) => !marks.finalizers.includes(name)),
    },
  };
}

/** Whether to take the marks off now. `cleanedAt` is when this process last did, both in ms since the epoch. */
export function isCleaningDue(cleanedAt: number | undefined, now: number): boolean {
  return cleanedAt === undefined || now - cleanedAt >= CLEANING_INTERVAL_MS;
}

/** When the marks are to be taken off next, in ms since the epoch. */
export function nextCleaning(cleanedAt: number): number {
  return cleanedAt + CLEANING_INTERVAL_MS;
}

/** A Secret as token-manager wrote it: signed, but never by us. */
export function isLegacySecret({ annotations, ours }: Pick<SecretMetadata, 'annotations' | 'ours'>): boolean {
  return (
    annotations[LAST_SIGNING_TIME] !== undefined &&
    annotations[EXPIRES_AT] === undefined &&
    ours.annotations.length + ours.labels.length === 0
  );
}

/**
 * A JSON patch (RFC 6902) that makes what token-manager owned in its Secret ours, so that the apply that follows can
 * drop what is no longer wanted (`blockOwnerDeletion`, old labels). Only the manager that wrote the signing time is
 * replaced: whatever else others own there stays theirs. Empty when there is no such manager.
 */
export function takeOverPatch(secret: JsonObject): readonly JsonObject[] {
  const metadata = objectMember(secret, 'metadata');
  const managers = arrayMember(metadata, 'managedFields').map((entry) => (isJsonObject(entry) ? entry : {}));
  const index = managers.findIndex((entry) => {
    const fields =
      objectMember(objectMember(objectMember(entry, 'fieldsV1'), 'f:metadata'), 'f:annotations') ?? {};
    return Object.hasOwn(fields, `f:${LAST_SIGNING_TIME}`);
  });
  const manager = managers[index];
  if (manager === undefined || manager['manager'] === APP) return [];
  const path = `/metadata/managedFields/${index}`;
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: stringMember(metadata, 'resourceVersion') },
    { op: 'replace', path: `${path}/manager`, value: APP },
    { op: 'replace', path: `${path}/operation`, value: 'Apply' },
  ];
}

function isKopf(name: string): boolean {
  return name.startsWith(KOPF_PREFIX);
}
