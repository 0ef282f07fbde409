import type { PodDenial } from '../decision.ts';
import type { ContainerShape } from '../pod-shape.ts';
import { hides } from './mounts.ts';
import { joinedFault } from './paths.ts';
import { explainHiding, explainLength } from './placement-denials.ts';
import type { ShownFile } from './shown-file.ts';
import { findHidingNewMount, findSight } from './sight.ts';
import { shapeOf, type NewPlacement, type WantedToken } from './wanted-token.ts';

/**
 * How a container sees a token in the end. `files` are its paths there, the best first, at least one, and some perhaps twice;
 * `refreshes` if renewed tokens come to one of them.
 */
export type Placement =
  | { readonly how: 'mounted'; readonly files: readonly string[]; readonly refreshes: boolean }
  | NewPlacement
  | { readonly how: 'blocked'; readonly denial: PodDenial };

/**
 * Prefers what the container mounts already, wherever that is. One placement for each token, in their order.
 * @param named a path that is among the files of the first token if it is seen there.
 */
export function placeTokens(
  container: ContainerShape,
  tokens: readonly WantedToken[],
  named?: string,
): readonly Placement[] {
  const seen: (readonly ShownFile[])[] = [];
  const placements: Placement[] = [];
  let expected = named; // of the first token alone
  for (const token of tokens) {
    const { shown, hidden } = findSight(container, token, expected);
    seen.push(shown);
    if (shown.length > 0) placements.push(placeSeen(container, shown));
    else if (hidden !== undefined) placements.push(blocked(hidden));
    else placements.push(placeNewMount(container, token, expected));
    expected = undefined;
  }
  const mayHide = tokens.length > 1 && seen.some((files) => files.length > 0);
  return mayHide ? heedNewMounts(container, tokens, placements, seen) : placements;
}

function placeSeen(container: ContainerShape, shown: readonly ShownFile[]): Placement {
  const files: string[] = [];
  const inParts: string[] = [];
  for (const { mount, file } of shown) {
    const fault = joinedFault(file);
    if (fault !== undefined) return blocked(explainLength(container, `the path of the token file ${fault}`));
    (mount.subPath === '' ? files : inParts).push(file);
  }
  const refreshes = files.length > 0;
  files.push(...inParts);
  return { how: 'mounted', files, refreshes };
}

/** Blocked where something would hide the file. */
function placeNewMount(container: ContainerShape, token: WantedToken, named: string | undefined): Placement {
  const { shown, files, placement, tooLong } = token.newMount;
  const { file } = shown;
  if (tooLong !== undefined) return blocked(explainLength(container, tooLong.what, tooLong.remedy));
  const hiding = findHidingNewMount(container, token, file);
  if (hiding !== undefined) return blocked(hiding);
  const seesNamed =
    named !== undefined &&
    named !== file &&
    files.includes(named) &&
    findHidingNewMount(container, token, named) === undefined;
  return seesNamed ? { ...placement, files: [file, named] } : placement;
}

/**
 * The new mount of one token may hide files of another that the container sees: those that are left count, and where none is
 * left the new mount is blocked. For example, one at `/a/b` hides `/a/b/token`, the file of a volume that is mounted at `/a`.
 * @param seen the files of each token that the container sees before.
 */
function heedNewMounts(
  container: ContainerShape,
  tokens: readonly WantedToken[],
  placements: readonly Placement[],
  seen: readonly (readonly ShownFile[])[],
): readonly Placement[] {
  let left = seen;
  const checked = placements.map((placement) => {
    if (placement.how !== 'mount') return placement;
    const after = leaveVisible(container, placement, tokens, left);
    if ('reason' in after) return blocked(after);
    left = after;
    return placement;
  });
  return checked.map((placement, index) => {
    const files = left[index] ?? [];
    return files === seen[index] || files.length === 0 ? placement : placeSeen(container, files);
  });
}

/** The files of each token that are left beside a new mount. Denied where none would be left of a token that is seen. */
function leaveVisible(
  container: ContainerShape,
  { mounts }: NewPlacement,
  tokens: readonly WantedToken[],
  seen: readonly (readonly ShownFile[])[],
): readonly (readonly ShownFile[])[] | PodDenial {
  const mount = shapeOf(mounts[0]);
  const left: (readonly ShownFile[])[] = [];
  for (const [index, { volumes }] of tokens.entries()) {
    const files = seen[index] ?? [];
    const visible = files.filter((one) => !hides(mount, one, volumes));
    const [first] = files;
    if (first !== undefined && visible.length === 0) return explainHiding(container, first, mount);
    left.push(visible.length === files.length ? files : visible);
  }
  return left;
}

function blocked(denial: PodDenial): Placement {
  return { how: 'blocked', denial };
}
