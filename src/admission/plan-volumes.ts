import type { JsonObject } from '../resources/json.ts';
import { TOKEN_KEY } from '../resources/names.ts';
import { MAX_OBJECT_NAME } from '../resources/object-name.ts';
import { fail, ok, type Result } from '../resources/result.ts';
import type { InjectionSettings } from './annotations/injection-settings.ts';
import type { PodDenial, TokenVolume } from './decision.ts';
import { findLongFile } from './placement/long-paths.ts';
import { mountPathOf, type TokenSource } from './placement/wanted-token.ts';
import { quote, showPath } from './text.ts';
import { findTokenVolumes, makeTokenVolume, volumeKind } from './token-volume.ts';

/** The files that a volume of ours shows. */
const OWN_FILES: readonly string[] = [TOKEN_KEY];

/** The tokens with the volumes that show them, and those of the volumes that have to be added for that. */
interface NeededVolumes {
  readonly sources: readonly TokenSource[];
  readonly added: readonly TokenVolume[];
}

/** Plans a volume for each token that no volume of the pod shows. */
export function planVolumes(
  volumes: ReadonlyMap<string, JsonObject>,
  { tokens, mountPath, defaultMode }: InjectionSettings,
): Result<NeededVolumes, PodDenial> {
  const added: TokenVolume[] = [];
  const sources: TokenSource[] = [];
  for (const [index, shown] of findTokenVolumes(volumes, tokens).entries()) {
    const name = tokens[index] ?? '';
    const path = mountPathOf(mountPath, name, index);
    if (shown.size > 0) {
      const fault = findLongFile(shown);
      if (fault !== undefined) return fail(fault);
      sources.push({ name, mountPath: path, volumes: shown });
      continue;
    }
    const volume = makeTokenVolume(name, defaultMode);
    const taken = volumes.get(volume.name);
    if (taken !== undefined) return fail(explainVolumeTaken(volume, taken));
    const other = added.find((one) => one.name === volume.name);
    if (other !== undefined) return fail(explainSameVolume(volume, other));
    added.push(volume);
    sources.push({ name, mountPath: path, volumes: new Map([[volume.name, OWN_FILES]]) });
  }
  return ok({ added, sources });
}

function explainVolumeTaken(wanted: TokenVolume, taken: JsonObject): PodDenial {
  return {
    reason: 'VolumeNameTaken',
    what: `volume ${quote(wanted.name)} is of kind ${showPath(volumeKind(taken), 40)} and does not show key "${TOKEN_KEY}" of Secret ${quote(wanted.secret.secretName, MAX_OBJECT_NAME)}`,
    remedy: 'give that volume another name',
  };
}

function explainSameVolume(wanted: TokenVolume, other: TokenVolume): PodDenial {
  const [first, second] = [other, wanted].map(({ secret }) => quote(secret.secretName, MAX_OBJECT_NAME));
  return {
    reason: 'VolumeNameTaken',
    what: `volume ${quote(wanted.name)} would have to show both tokens ${first} and ${second}`,
    remedy: 'add a volume for one of them to the pod, of another name',
  };
}
