import type { PodDenial } from '../decision.ts';
import type { ContainerShape, DeviceShape, MountShape } from '../pod-shape.ts';
import { bars, findCover, hides, visibleFiles } from './mounts.ts';
import { explainCover, explainHidden, explainNested } from './placement-denials.ts';
import type { ShownFile } from './shown-file.ts';
import type { WantedToken } from './wanted-token.ts';

/**
 * One that is seen is enough. A container whose first eight are hidden is refused, whatever comes after them: a hostile one could
 * have 100,000, each to be compared with all its mounts.
 */
const MAX_TRIED = 8;

/** The most files of a token that are tried in one container: the one that the container names is searched for as well. */
export const MAX_FILES_TRIED = 2 * MAX_TRIED;

/** The places at which a container sees a token before it gets a new mount. */
interface Sight {
  readonly shown: readonly ShownFile[];
  /** Why the container does not see the first file that something hides. */
  readonly hidden: PodDenial | undefined;
}

const UNSEEN: Sight = { shown: [], hidden: undefined };

/** Looks through the mounts of a container for files of the token. `named` is a path that the container expects one at. */
export function findSight(container: ContainerShape, token: WantedToken, named: string | undefined): Sight {
  let shown: ShownFile[] | undefined;
  let hidden: PodDenial | undefined;
  let tried = 0;
  for (const mount of container.mounts) {
    for (const file of visibleFiles(mount, token.volumes)) {
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

/** Why the container would not see the file of the token's new mount; `undefined` if it would. */
export function findHidingNewMount(
  container: ContainerShape,
  token: WantedToken,
  file: string,
): PodDenial | undefined {
  return findHiding(container, token, { mount: token.newMount.shown.mount, file }, explainCover);
}

/** `explain` is for what hides the file in the container itself. */
function findHiding(
  container: ContainerShape,
  token: WantedToken,
  shown: ShownFile,
  explain: typeof explainCover | typeof explainHidden,
): PodDenial | undefined {
  const cover = findCover(container, shown, token.volumes);
  if (cover !== undefined) return explain(container, shown, cover, hidesNewMount(token, cover, shown));
  const nested = token.nested.findCover(shown);
  if (nested === undefined) return undefined;
  return explainNested(container, token.name, nested, hidesNewMount(token, nested.mount, shown));
}

/**
 * Whether what hides a file would hide that of a new mount as well: then it does not help to remove the mount of `hidden`, for
 * which a new mount comes. Without that mount its volume may be the first of which nothing is taken, and the new mount be one
 * of it.
 */
function hidesNewMount(
  { newMount, volumes }: WantedToken,
  cover: MountShape | DeviceShape,
  hidden: ShownFile,
): boolean {
  const ofSameVolume = { ...newMount.shown.mount, volume: hidden.mount.volume };
  const possible = [
    newMount.shown,
    ...visibleFiles(ofSameVolume, volumes).map((file) => ({ mount: ofSameVolume, file })),
  ];
  return possible.some((shown) => ('subPath' in cover ? hides(cover, shown, volumes) : bars(cover, shown)));
}
