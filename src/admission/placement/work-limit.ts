import { MAX_FILES_TRIED } from './sight.ts';
import type { TokenSource } from './wanted-token.ts';
import type { ContainerShape, DeviceShape, MountShape } from '../pod-shape.ts';

/**
 * The most work of a decision, in characters of paths that are compared: about a tenth of a second, in which no other review is
 * answered. 160 containers that each have 20 mounts at paths of 60 characters, and get 32 tokens, come to less than a third
 * of it.
 */
const MAX_WORK = 134_217_728;

/** A comparison costs as much as this many characters, however short the paths are. */
const COMPARISON = 32;

/** A look for a part of a volume among the mounts below it costs as much as this many characters. */
const LOOK = 64;

type SoughtToken = Pick<TokenSource, 'mountPath' | 'volumes'>;

/**
 * Whether it is too much to look for all tokens in all containers. A pod that is not too large is not so with our mounts in it
 * either: they are counted before they are there.
 * @param started all containers whose mounts may take the place of a token in its volume (`NestedMounts`).
 */
export function isTooMuchWork(
  containers: readonly ContainerShape[],
  sources: readonly SoughtToken[],
  started = containers,
): boolean {
  if (boundWork(containers, sources) + boundLooks(started, sources) <= MAX_WORK) return false;
  const tokens = sources.map(countFiles);
  const tokenAt = new Map(tokens.map((token) => [token.mountPath, token]));
  let work = countLooks(started, tokens);
  for (const container of containers) {
    if (work > MAX_WORK) break;
    work += countWork(container, tokens, withoutOurs(container.mounts, tokenAt));
  }
  return work > MAX_WORK;
}

/** Never less than `countWork` of all containers, and found in no time: nearly all pods are within the limit by this. */
function boundWork(containers: readonly ContainerShape[], tokens: readonly SoughtToken[]): number {
  let [ofNew, count, characters] = [0, 0, 0];
  for (const { mountPath, volumes } of tokens) {
    ofNew += countPlace(mountPath);
    for (const files of volumes.values()) {
      count = Math.max(count, files.length);
      characters = Math.max(characters, countCharacters(files));
    }
  }
  let work = 0;
  for (const { mounts, devices } of containers) {
    const most = mounts.length + 1;
    const places = countPlaces(mounts) + countPlaces(devices) + ofNew;
    work += triesOf(most * count) * ((1 + count) * places + most * characters);
  }
  return work * tokens.length;
}

/** Never less than `countLooks`. */
function boundLooks(started: readonly ContainerShape[], sources: readonly SoughtToken[]): number {
  let parts = 0;
  for (const { volumes } of sources) {
    let most = 0;
    for (const { length } of volumes.values()) most = Math.max(most, length);
    parts += most;
  }
  let mounts = 0;
  for (const container of started) mounts += container.mounts.length;
  return mounts * parts * LOOK;
}

/** Files of a token that one volume shows. */
interface FileSizes {
  readonly count: number;
  /** The length of all their paths together. */
  readonly characters: number;
}

/** A token to be looked for. */
interface CountedToken {
  readonly mountPath: string;
  /** By the name of the volume. */
  readonly sizes: ReadonlyMap<string, FileSizes>;
  /** At least those of each volume: a new mount may be of any. */
  readonly largest: FileSizes;
}

function countFiles({ mountPath, volumes }: SoughtToken): CountedToken {
  const sizes = new Map<string, FileSizes>();
  let [count, characters] = [0, 0];
  for (const [volume, files] of volumes) {
    const size = { count: files.length, characters: countCharacters(files) };
    sizes.set(volume, size);
    count = Math.max(count, size.count);
    characters = Math.max(characters, size.characters);
  }
  return { mountPath, sizes, largest: { count, characters } };
}

/** Without the mounts that are as new ones of ours would be, of each token one. */
function withoutOurs(
  mounts: readonly MountShape[],
  tokenAt: ReadonlyMap<string, CountedToken>,
): readonly MountShape[] {
  const ours = new Set<CountedToken>();
  return mounts.filter(({ path, volume }) => {
    const token = tokenAt.get(path);
    if (token === undefined || !token.sizes.has(volume) || ours.has(token)) return true;
    ours.add(token);
    return false;
  });
}

/**
 * In one container: each file that is tried is compared with all mounts and devices, and with all files that a mount shows. A
 * token that none of the mounts shows gets a new one, with which the files of others are compared, too.
 */
function countWork(
  { devices }: ContainerShape,
  tokens: readonly CountedToken[],
  mounts: readonly MountShape[],
): number {
  let places = countPlaces(mounts) + countPlaces(devices);
  let [work, tries] = [0, 0];
  for (const { mountPath, sizes, largest } of tokens) {
    let [files, shown] = [0, 0];
    for (const { volume, path } of mounts) {
      const size = sizes.get(volume);
      if (size === undefined) continue;
      files += size.count;
      shown += countShown(size, path);
    }
    if (files === 0) {
      files = largest.count;
      shown = countShown(largest, mountPath);
      places += countPlace(mountPath);
    }
    const tried = triesOf(files);
    tries += tried;
    work += tried * shown;
  }
  return work + tries * places;
}

/**
 * For what is mounted below the volumes. Where each volume has a directory of its own, as ours have, that costs no more than
 * their mounts; but each further volume at a directory is looked through again for all that is below.
 */
function countLooks(started: readonly ContainerShape[], tokens: readonly CountedToken[]): number {
  const showing = new Set(tokens.flatMap(({ sizes }) => [...sizes.keys()]));
  const parts = tokens.reduce((sum, { largest }) => sum + largest.count, 0);
  let further = 0;
  for (const { mounts } of started) {
    const directories = mounts.filter(({ volume }) => showing.has(volume)).map(({ path }) => path);
    further += directories.length - new Set(directories).size;
  }
  return further * parts * LOOK;
}

/** A new mount is tried as well. */
function triesOf(files: number): number {
  return Math.min(files, MAX_FILES_TRIED) + 1;
}

function countShown({ count, characters }: FileSizes, directory: string): number {
  return characters + count * countPlace(directory);
}

function countPlaces(places: readonly Pick<MountShape | DeviceShape, 'path'>[]): number {
  let characters = 0;
  for (const { path } of places) characters += countPlace(path);
  return characters;
}

function countPlace(path: string): number {
  return path.length + COMPARISON;
}

function countCharacters(files: readonly string[]): number {
  let characters = 0;
  for (const { length } of files) characters += length;
  return characters;
}
