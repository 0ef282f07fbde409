import { pointerTo } from '../../resources/json-patch.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { Rotation } from '../issuer/rotation.ts';
import type { Sharers } from './find-sharers.ts';
import type { RotationState, RotationStep } from './next-step.ts';

/** The values that a report needs besides the state. */
export interface ReportContext {
  /** The folder in which the documents of the issuer are written. */
  readonly dir: string | undefined;
  /** Flags for each run of `rotate`. */
  readonly readingFlags: readonly string[];
  readonly sharers: Sharers | undefined;
  readonly printer: CommandPrinter;
}

/**
 * The commands that remove the old key at the end of a rotation: from what is published, and from its Secret, where it is
 * known that no JWT signs with it. Only that entry of the Secret is removed: nobody knows what else the Secret is for.
 */
export function removeOldKey(
  { jwt: { namespace, name }, rotation }: Pick<RotationState, 'jwt' | 'rotation'>,
  step: RotationStep,
  { dir, sharers, printer }: ReportContext,
): readonly string[] {
  if (rotation === undefined) return [];
  const { jwtInjector, kubectl } = printer;
  const { previousKeyId, previousSecret, previousDataKey } = rotation;
  const isForced = 'until' in step && step.until !== undefined;
  const publish = ['jwks', name, '-n', namespace, '--dir', dir ?? 'DIR', `--remove=${previousKeyId}`];
  const commands = [jwtInjector(...publish, ...(isForced ? ['--force'] : []))];
  if (previousSecret === undefined || previousDataKey === undefined || !isPlaceFree(sharers)) return commands;
  const patch = JSON.stringify([{ op: 'remove', path: pointerTo(['data', previousDataKey]) }]);
  commands.push(kubectl('patch', 'secret', previousSecret, '-n', namespace, '--type=json', '-p', patch));
  return commands;
}

/** When they are due, and why the key stays in its Secret, if it does. */
export function noteRemoval(
  { jwt, rotation }: Pick<RotationState, 'jwt' | 'rotation'>,
  step: RotationStep,
  context: ReportContext,
): readonly string[] {
  const { sharers } = context;
  if (step.do !== 'finish' || rotation === undefined || sharers === undefined) return [];
  const removal = removeOldKey({ jwt, rotation }, step, context).join(', then ');
  const others = `this rotation is over: when no other JWT signs with the old key any more, ${removal}`;
  const left = describeLeft(jwt.namespace, rotation, sharers);
  return [...(sharers.jwts.length > 0 ? [others] : []), ...(left === undefined ? [] : [left])];
}

function describeLeft(
  namespace: string,
  { previousSecret, previousDataKey }: Rotation,
  { isPartial, isPlaceUsed }: Sharers,
): string | undefined {
  if (isPartial)
    return 'you are not allowed to list all JWTs: whether another one signs with the old key, or has its key in that Secret, is not known';
  if (previousSecret === undefined || (previousDataKey !== undefined && !isPlaceUsed)) return undefined;
  const where = `the old key stays in Secret ${namespace}/${previousSecret}`;
  return previousDataKey === undefined
    ? `${where}: remove it there when nothing needs it`
    : `${where}: a JWT signs with what is there as ${previousDataKey}, or may; remove it when none does`;
}

function isPlaceFree(sharers: Sharers | undefined): boolean {
  return sharers !== undefined && !sharers.isPartial && !sharers.isPlaceUsed;
}
