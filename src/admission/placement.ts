import { INJECTION_ANNOTATIONS, TOKEN_KEY } from '../resources/names.ts';
import type { PodDenial, TokenMount } from './decision.ts';
import { findCover, hides, visibleFile, type ShownFile } from './mounts.ts';
import { joinPath, lengthFault, SHORTER_PATH } from './paths.ts';
import type { ContainerShape, DeviceShape, MountShape } from './pod-shape.ts';
import { quote, showPath } from './text.ts';

/** A token that containers should see. */
export interface WantedToken {
  readonly name: string;
  /** Every volume that shows the token, by name, with the file in it. */
  readonly volumes: ReadonlyMap<string, string>;
  /** For a container that does not mount it yet; one object for all containers. */
  readonly newMount: NewMount;
}

interface NewMount {
  readonly shown: ShownFile;
  readonly placement: Extract<Placement, { readonly how: 'mount' }>;
}

/** `volume` is the one to mount, at the normalised `mountPath`, where nothing else mounts the token. */
export function wantToken(
  name: string,
  mountPath: string,
  volume: string,
  volumes: ReadonlyMap<string, string>,
): WantedToken {
  const file = joinPath(mountPath, volumes.get(volume) ?? TOKEN_KEY);
  const mount: TokenMount = { name: volume, mountPath, readOnly: true };
  const shown = { mount: { volume, path: mountPath, subPath: '', readOnly: true }, file };
  return { name, volumes, newMount: { shown, placement: { how: 'mount', files: [file], mounts: [mount] } } };
}

type Blocked = { readonly how: 'blocked'; readonly denial: PodDenial };

/**
 * How a container sees a token in the end. `files` are its paths there, the best first, at least one; `mounts` is the new
 * one as a list, the same list for all containers.
 */
export type Placement =
  | { readonly how: 'mounted'; readonly files: readonly string[]; readonly refreshes: boolean }
  | { readonly how: 'mount'; readonly files: readonly string[]; readonly mounts: readonly [TokenMount] }
  | Blocked;

/** Prefers what the container mounts already, wherever that is. One placement for each token, in their order. */
export function placeTokens(container: ContainerShape, tokens: readonly WantedToken[]): readonly Placement[] {
  const [token] = tokens;
  if (tokens.length === 1 && token !== undefined) {
    const { shown, hidden } = findShown(container, token);
    return [shown.length > 0 ? placeShown(container, shown) : (hidden ?? placeNewMount(container, token))];
  }
  const found = tokens.map((each) => findShown(container, each));
  // The files of each token that the container sees; a new mount of another token may hide some.
  const seen = found.map(({ shown }) => shown);
  const added = tokens.map((each, index) => {
    const { shown, hidden } = found[index] ?? UNSEEN;
    if (shown.length > 0) return undefined;
    const placement = hidden ?? placeNewMount(container, each);
    if (placement.how === 'blocked') return placement;
    return hideOthers(container, each, tokens, seen) ?? placement;
  });
  return seen.map((shown, index) => added[index] ?? placeShown(container, shown));
}

/** One is enough; a hostile container could have 100,000, each to be compared with all others. */
const MAX_TRIED_MOUNTS = 8;

/** Where a container sees a token now. */
interface Sight {
  readonly shown: readonly ShownFile[];
  /** Why the container does not see the first file that something hides. */
  readonly hidden: Blocked | undefined;
}

const UNSEEN: Sight = { shown: [], hidden: undefined };

function findShown(container: ContainerShape, { volumes }: WantedToken): Sight {
  let shown: ShownFile[] | undefined;
  let tried = 0;
  let hidden: Blocked | undefined;
  for (const mount of container.mounts) {
    const file = visibleFile(mount, volumes);
    if (file === undefined) continue;
    tried += 1;
    if (tried > MAX_TRIED_MOUNTS) break;
    const cover = findCover(container, { mount, file }, volumes);
    if (cover === undefined) (shown ??= []).push({ mount, file });
    else hidden ??= blocked(explainCover(container, file, cover));
  }
  return tried === 0 ? UNSEEN : { shown: shown ?? [], hidden };
}

function placeShown(container: ContainerShape, shown: readonly ShownFile[]): Placement {
  const whole = shown.filter(({ mount }) => mount.subPath === '');
  const files = [...new Set([...whole, ...shown].map(({ file }) => file))];
  const fault = files.map(lengthFault).find((found) => found !== undefined);
  if (fault !== undefined) return blocked(explainLength(container, `the path of the token file ${fault}`));
  return { how: 'mounted', files, refreshes: whole.length > 0 };
}

/** Blocked where something would hide the file. */
function placeNewMount(container: ContainerShape, { volumes, newMount }: WantedToken): Placement {
  const { shown, placement } = newMount;
  const { file, mount } = shown;
  const fault = lengthFault(file);
  if (fault !== undefined)
    return blocked(explainLength(container, `mount path ${showPath(mount.path)} ${fault}`));
  const cover = findCover(container, shown, volumes);
  if (cover === undefined) return placement;
  const isTaken = cover.path === mount.path;
  return blocked(isTaken ? explainTaken(container, cover) : explainCover(container, file, cover));
}

/** Removes from `seen` what the new mount of a token hides. Blocked where no file of another token would be left. */
function hideOthers(
  container: ContainerShape,
  { newMount }: WantedToken,
  tokens: readonly WantedToken[],
  seen: (readonly ShownFile[])[],
): Blocked | undefined {
  const { mount } = newMount.shown;
  for (const [other, { volumes }] of tokens.entries()) {
    const [first, ...more] = seen[other] ?? [];
    if (first === undefined) continue;
    const left = [first, ...more].filter((one) => !hides(mount, one, volumes));
    if (left.length === 0) return blocked(explainCover(container, first.file, mount));
    seen[other] = left;
  }
  return undefined;
}

function blocked(denial: PodDenial): Blocked {
  return { how: 'blocked', denial };
}

const MOVE = `set annotation ${INJECTION_ANNOTATIONS.mountPath} to another directory`;

function explainTaken(container: ContainerShape, other: MountShape | DeviceShape): PodDenial {
  const part = isMount(other) && other.subPath !== '' ? ' (by subPath)' : '';
  return {
    reason: 'MountPathTaken',
    what: `container ${quote(container.name)}: mount path ${showPath(other.path)} is taken by ${describeCover(other)}${part}`,
    remedy: `${MOVE}, or mount ${quote(other.volume)} elsewhere`,
  };
}

function explainCover(container: ContainerShape, file: string, other: MountShape | DeviceShape): PodDenial {
  return {
    reason: 'MountPathTaken',
    what: `container ${quote(container.name)}: ${describeCover(other)} at ${showPath(other.path)} hides the token file ${showPath(file)}`,
    remedy: `${MOVE}, or mount ${quote(other.volume)} elsewhere`,
  };
}

function explainLength(container: ContainerShape, what: string): PodDenial {
  return {
    reason: 'TooLarge',
    what: `container ${quote(container.name)}: ${what}`,
    remedy: SHORTER_PATH,
  };
}

function describeCover(other: MountShape | DeviceShape): string {
  return `${isMount(other) ? 'volume' : 'device'} ${quote(other.volume)}`;
}

function isMount(other: MountShape | DeviceShape): other is MountShape {
  return 'subPath' in other;
}
