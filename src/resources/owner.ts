import { groupOfApiVersion } from './api-group.ts';
import { member, stringMember } from './json.ts';
import { GROUP, KIND } from './names.ts';

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

/** Characters of a name (Kubernetes API, DNS subdomain); in owner references the API server checks none. */
const LONGEST = 253;
/** A group is a name, and a version a DNS label. A part of a text keeps all of it in memory, so the whole is bounded. */
const LONGEST_API_VERSION = LONGEST + 1 + 63;
/** The API server lets in one controller, and the JWT of the Secret's name is one. */
const MOST_OWNERS = 4;

/** Reads `metadata.ownerReferences`. Only who controls the Secret, and JWTs, decide whose it is. */
export function parseOwners(references: readonly unknown[]): readonly Owner[] {
  const owners = references.map(parseOwner);
  const controllers = owners.filter(({ controller }) => controller);
  const jwts = owners.filter(
    ({ controller, group, kind }) => !controller && group === GROUP && kind === KIND,
  );
  return [...controllers, ...jwts].slice(0, MOST_OWNERS);
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

/** `group/version`, or the version alone for the core group. */
function readGroup(apiVersion: string): string {
  return apiVersion.length > LONGEST_API_VERSION ? TOO_LONG : short(groupOfApiVersion(apiVersion));
}

function short(text: string): string {
  return text.length > LONGEST ? TOO_LONG : text;
}
