import { TOKEN_KEY } from '../../resources/names.ts';
import type { Problem, TokenMount } from '../decision.ts';
import type { MountShape } from '../pod-shape.ts';
import type { ShowingVolumes } from '../token-volume.ts';
import { visibleFiles } from './mounts.ts';
import type { NestedMounts } from './nested-mounts.ts';
import { joinedFault, joinPath, lengthFault, SHORTER_PATH } from './paths.ts';
import { describeLongPath, SHORTER_NAME } from './placement-denials.ts';
import type { ShownFile } from './shown-file.ts';

/** A token, and where it comes from. */
export interface TokenSource {
  readonly name: string;
  readonly volumes: ShowingVolumes;
  /** The path to mount one of them at where nothing else mounts the token, normalised. */
  readonly mountPath: string;
}

/** The path to mount the token of that index at: adding a second token never moves the first. */
export function mountPathOf(mountPath: string, token: string, index: number): string {
  return index === 0 ? mountPath : `${mountPath}-${token}`;
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
  readonly placement: NewPlacement;
}

/** A container gets a new mount: `mounts` is that one as a list, the same list for all containers. */
export interface NewPlacement {
  readonly how: 'mount';
  /** Its paths in the container, the best first, at least one. */
  readonly files: readonly string[];
  readonly mounts: readonly [TokenMount];
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

/** The user chose no part that is too long: only the name of a further token can make it so. */
function explainLongMount(mountPath: string, file: string): Problem | undefined {
  const fault = lengthFault(file);
  if (fault === undefined) return undefined;
  const remedy = joinedFault(file) === undefined ? SHORTER_NAME : SHORTER_PATH;
  return { what: describeLongPath('mount', mountPath, fault), remedy };
}

/** A mount of ours as it will be read. */
export function shapeOf({ name, mountPath, readOnly }: TokenMount): MountShape {
  return { volume: name, path: mountPath, subPath: '', readOnly };
}
