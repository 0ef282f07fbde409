import { TOKEN_KEY } from '../../resources/names.ts';
import type { PodDenial, Problem, TokenMount } from '../decision.ts';
import { bars, findCover, hides, visibleFiles } from './mounts.ts';
import type { ShownFile } from './shown-file.ts';
import type { NestedMounts } from './nested-mounts.ts';
import { joinedFault, joinPath, lengthFault, SHORTER_PATH } from './paths.ts';
import {
  describeLongPath,
  explainCover,
  explainHidden,
  explainHiding,
  explainLength,
  explainNested,
  SHORTER_NAME,
} from './placement-denials.ts';
import type { ContainerShape, DeviceShape, MountShape } from '../pod-shape.ts';
import type { ShowingVolumes } from '../token-volume.ts';

/** A token, and where it comes from. */
export interface TokenSource {
  readonly name: string;
  readonly volumes: ShowingVolumes;
  /** The path to mount one of them at where nothing else mounts the token, normalised. */
  readonly mountPath: string;
}

/** A token that containers should see. */
export interface WantedToken extends Pick<TokenSource, 'name' | 'volumes'> {
  /** One object for all tokens of a pod. */
  readonly nested: NestedMounts;
  /** The mount for a container that does not mount it yet; one object for all containers. */
  readonly newMount: NewMount;
}

interface NewMount {
  readonly shown: ShownFile;
  /** All of them. */
  readonly files: readonly string[];
  /** Why it cannot be made in any container: its path is too long. */
  readonly tooLong: Problem | undefined;
  readonly placement: Extract<Placement, { readonly how: 'mount' }>;
}

/**
 * Prepares what is the same for all containers.
 * @param mountable the volumes among which a new mount can choose.
 */
export function wantToken(
  { name, mountPath, volumes }: TokenSource,
  nested: NestedMounts,
  mountable = volumes,
): WantedToken {
  const chosen = chooseFile(mountable, nested);
  const mount: TokenMount = { name: chosen.volume, mountPath, readOnly: true };
  const shape = shapeOf(mount);
  const file = joinPath(mountPath, chosen.file);
  const files = visibleFiles(shape, volumes);
  const placement = { how: 'mount', files: [file], mounts: [mount] } as const;
  const tooLong = explainLongMount(mountPath, file);
  return { name, volumes, nested, newMount: { shown: { mount: shape, file }, files, placement, tooLong } };
}

/** The user chose no part that is too long: only the name of a further token can make it so. */
function explainLongMount(mountPath: string, file: string): Problem | undefined {
  const fault = lengthFault(file);
  if (fault === undefined) return undefined;
  const remedy = joinedFault(file) === undefined ? SHORTER_NAME : SHORTER_PATH;
  return { what: describeLongPath('mount', mountPath, fault), remedy };
}

interface VolumeFile {
  readonly volume: string;
  /** The path in the volume. */
  readonly file: string;
}

/** The first file that no nested mount covers; the first of all files if each is covered. */
function chooseFile(volumes: ShowingVolumes, nested: NestedMounts): VolumeFile {
  let first: VolumeFile | undefined;
  for (const [volume, files] of volumes) {
    for (const file of files) {
      const one = { volume, file };
      if (!nested.covers(volume, file)) return one;
      first ??= one;
    }
  }
  return first ?? { volume: '', file: TOKEN_KEY };
}

/** A mount of ours as it will be read. */
export function shapeOf({ name, mountPath, readOnly }: TokenMount): MountShape {
  return { volume: name, path: mountPath, subPath: '', readOnly };
}

type Blocked = { readonly how: 'blocked'; readonly denial: PodDenial };

/**
 * How a container sees a token in the end. `files` are its paths there, the best first, at least one, and
 * some perhaps twice; `mounts` is the new one as a list, the same list for all containers.
 */
export type Placement =
  | { readonly how: 'mounted'; readonly files: readonly string[]; readonly refreshes: boolean }
  | { readonly how: 'mount'; readonly files: readonly string[]; readonly mounts: readonly [TokenMount] }
  | Blocked;

/**
 * Prefers what the container mounts already, wherever that is. One placement for each token, in their order.
 * @param named a path that is among the files of the first token if it is seen there.
 */
export function placeTokens(
  container: ContainerShape,
  tokens: readonly WantedToken[],
  named?: string,
): readonly Placement[] {
  const [token] = tokens;
  if (tokens.length === 1 && token !== undefined) {
    const { shown, hidden } = findShown(container, token, named);
    return [
      shown.length > 0 ? placeShown(container, shown) : (hidden ?? placeNewMount(container, token, named)),
    ];
  }
  const namedOf = (index: number): string | undefined => (index === 0 ? named : undefined);
  const found = tokens.map((each, index) => findShown(container, each, namedOf(index)));
  // The files of each token that the container sees; a new mount of another token may hide some.
  const seen = found.map(({ shown }) => shown);
  const added = tokens.map((each, index) => {
    const { shown, hidden } = found[index] ?? UNSEEN;
    if (shown.length > 0) return undefined;
    const placement = hidden ?? placeNewMount(container, each, namedOf(index));
    if (placement.how === 'blocked') return placement;
    return hideOthers(container, each, tokens, seen) ?? placement;
  });
  return seen.map((shown, index) => added[index] ?? placeShown(container, shown));
}

/**
 * One that is seen is enough. A container whose first eight are hidden is refused, whatever comes after them: a hostile one could
 * have 100,000, each to be compared with all its mounts.
 */
const MAX_TRIED = 8;

/** The most files of a token that are tried in one container: the one that the container names is searched for as well. */
export const MAX_FILES_TRIED = 2 * MAX_TRIED;

/** The places at which a container sees a token now. */
interface Sight {
  readonly shown: readonly ShownFile[];
  /** Why the container does not see the first file that something hides. */
  readonly hidden: Blocked | undefined;
}

const UNSEEN: Sight = { shown: [], hidden: undefined };

function findShown(container: ContainerShape, token: WantedToken, named: string | undefined): Sight {
  const { volumes } = token;
  let shown: ShownFile[] | undefined;
  let tried = 0;
  let hidden: Blocked | undefined;
  for (const mount of container.mounts) {
    for (const file of visibleFiles(mount, volumes)) {
      // The file that the container names is searched for behind all mounts, with as many tries of its own.
      if (tried >= (file === named ? MAX_FILES_TRIED : MAX_TRIED)) continue;
      tried += 1;
      const one = { mount, file };
      const hiding = findHiding(container, token, one, explainHidden);
      if (hiding === undefined) (shown ??= []).push(one);
      else hidden ??= hiding;
    }
  }
  return tried === 0 ? UNSEEN : { shown: shown ?? [], hidden };
}

function placeShown(container: ContainerShape, shown: readonly ShownFile[]): Placement {
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
  const { file, mount } = shown;
  if (tooLong !== undefined) return blocked(explainLength(container, tooLong.what, tooLong.remedy));
  const hiding = findHiding(container, token, shown, explainCover);
  if (hiding !== undefined) return hiding;
  const isSeen =
    named !== undefined &&
    named !== file &&
    files.includes(named) &&
    findHiding(container, token, { mount, file: named }, explainCover) === undefined;
  return isSeen ? { ...placement, files: [file, named] } : placement;
}

/** Why the container does not see the file; `undefined` if it does. `explain` is for what hides it in the container itself. */
function findHiding(
  container: ContainerShape,
  token: WantedToken,
  shown: ShownFile,
  explain: typeof explainCover | typeof explainHidden,
): Blocked | undefined {
  const { name, volumes, nested } = token;
  const cover = findCover(container, shown, volumes);
  if (cover !== undefined)
    return blocked(explain(container, shown, cover, hidesNewMount(token, cover, shown)));
  const inVolume = nested.findCover(shown);
  if (inVolume === undefined) return undefined;
  const isInAnyCase = hidesNewMount(token, inVolume.mount, shown);
  return blocked(explainNested(container, name, inVolume, isInAnyCase));
}

/**
 * Whether it would hide the file of a new mount as well, which comes where the mount of `removed` is removed. That volume may
 * then be the first of which nothing is taken, and the new mount one of it.
 */
function hidesNewMount(
  { newMount, volumes }: WantedToken,
  cover: MountShape | DeviceShape,
  removed: ShownFile,
): boolean {
  const mount = { ...newMount.shown.mount, volume: removed.mount.volume };
  const again = visibleFiles(mount, volumes).map((file) => ({ mount, file }));
  return [newMount.shown, ...again].some((shown) =>
    'subPath' in cover ? hides(cover, shown, volumes) : bars(cover, shown),
  );
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
    if (left.length === 0) return blocked(explainHiding(container, first, mount));
    seen[other] = left;
  }
  return undefined;
}

function blocked(denial: PodDenial): Blocked {
  return { how: 'blocked', denial };
}
