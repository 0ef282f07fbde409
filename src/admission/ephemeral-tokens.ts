import type { JsonObject } from '../resources/json.ts';
import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import { isObjectName } from '../resources/object-name.ts';
import type { AnnotationValues } from './annotations/annotation-values.ts';
import { explainTokenName, explainTooManyTokens, MAX_TOKENS, splitList } from './annotations/token-list.ts';
import type { PodDenial, Problem } from './decision.ts';
import { findLongFile } from './placement/long-paths.ts';
import { quote } from './text.ts';
import { findTokenVolumes, type ShowingVolumes } from './token-volume.ts';
import type { Warning } from './warnings.ts';

/** An obstacle that would be a denial for a new pod. */
type Obstacle = Pick<PodDenial, 'reason' | 'what'>;

/** An annotation with a wrong value, as an obstacle. */
export function invalidSetting({ what, remedy }: Problem): PodDenial {
  return { reason: 'InvalidAnnotation', what, remedy };
}

/** Ephemeral containers are never refused: what prevents a token is a warning. */
export function warnOfObstacle({ what }: Obstacle): Warning {
  return { kind: 'cannotInject', text: what };
}

/** A token that the pod has a volume of. */
export interface EphemeralToken {
  readonly name: string;
  readonly volumes: ShowingVolumes;
  /** Position in the annotation: the first one is the one that the environment variable names. */
  readonly index: number;
}

interface EphemeralTokens {
  readonly tokens: readonly EphemeralToken[];
  /** Why there are no more. */
  readonly missing: readonly Obstacle[];
}

/** The tokens whose volume the pod has. */
export function findEphemeralTokens(
  values: AnnotationValues,
  defaultToken: string | undefined,
  volumes: ReadonlyMap<string, JsonObject>,
): EphemeralTokens {
  const isNamed = values.token !== undefined;
  const named = isNamed ? splitList(INJECTION_ANNOTATIONS.token, values.token).items : [];
  const all = [...new Set(isNamed || defaultToken === undefined ? named : [defaultToken])];
  const names = all.slice(0, MAX_TOKENS);
  const tokens: EphemeralToken[] = [];
  const missing: Obstacle[] = [];
  if (names.length < all.length) missing.push(invalidSetting(explainTooManyTokens(all.length)));
  for (const [index, shown] of findTokenVolumes(volumes, names).entries()) {
    const name = names[index] ?? '';
    const tooLong = findLongFile(shown);
    if (tooLong !== undefined) missing.push(tooLong);
    else if (shown.size > 0) tokens.push({ name, index, volumes: shown });
    else if (isNamed) missing.push({ reason: 'InvalidAnnotation', what: explainLack(name) });
  }
  return { tokens, missing };
}

function explainLack(name: string): string {
  if (!isObjectName(name)) return explainTokenName(name).what;
  return `ephemeral containers do not get ${quote(name, 40)}: the pod has no volume with it`;
}
