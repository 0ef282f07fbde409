import { groupOfApiVersion } from './api-group.ts';
import { member, stringMember } from './json.ts';
import { GROUP, KIND } from './names.ts';
import { MAX_DNS_LABEL, MAX_OBJECT_NAME } from './object-name.ts';

/** One entry of `metadata.ownerReferences`, as far as it matters here. */
export interface Owner {
  /** API group of the owner's kind; `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}

/** Stands for a text that is too long to be kept: it is there, and equals no name and no time. */
export const TOO_LONG = '(too long)';

/** A group is a name, and a version a DNS label. V8 keeps the whole text alive for a slice of it, so the whole is bounded. */
const MAX_API_VERSION_LENGTH = MAX_OBJECT_NAME + 1 + MAX_DNS_LABEL;
/** The API server lets in one controller, and the JWT of the Secret's name is one. */
const MAX_OWNERS = 4;

/** Reads `metadata.ownerReferences`. Only who controls the Secret, and JWTs, decide whose it is. */
export function parseOwners(references: readonly unknown[]): readonly Owner[] {
  const owners = references.map(parseOwner);
  const controllers = owners.filter(({ controller }) => controller);
  const jwts = owners.filter(
    ({ controller, group, kind }) => !controller && group === GROUP && kind === KIND,
  );
  return [...controllers, ...jwts].slice(0, MAX_OWNERS);
}

function parseOwner(reference: unknown): Owner {
  return {
    group: readGroup(stringMember(reference, 'apiVersion') ?? ''),
    kind: short(stringMember(reference, 'kind') ?? ''),
    name: short(stringMember(reference, 'name') ?? ''),
    uid: short(stringMember(reference, 'uid') ?? ''),
    controller: member(reference, 'controller') === true,
  };
}

function readGroup(apiVersion: string): string {
  return apiVersion.length > MAX_API_VERSION_LENGTH ? TOO_LONG : short(groupOfApiVersion(apiVersion));
}

/** In owner references the API server checks no name. */
function short(text: string): string {
  return text.length > MAX_OBJECT_NAME ? TOO_LONG : text;
}
