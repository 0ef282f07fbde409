import type { ObjectName } from '../../resources/object-key.ts';
import { formatTime } from '../../time/format-time.ts';
import type { Rotation } from '../issuer/rotation.ts';
import { flagWords } from '../cluster/command-printer.ts';
import { ROTATION } from '../../resources/names.ts';
import type { AppliedSource } from './applied-source.ts';
import type { FormerSharer } from './find-sharers.ts';
import { newKeyPatch, newKeySpec } from './new-key-spec.ts';
import type { RotationStep } from './next-step.ts';
import type { ObservedRotation } from './observe-rotation.ts';
import type { Sharer } from './relate-to-old-key.ts';
import { noteRemoval, removeOldKey, type ReportContext } from './remove-old-key.ts';

/** How far a rotation is, as `-o json` prints it. */
export interface RotationReport extends ObjectName {
  readonly issuer: string;
  readonly step: RotationStep['do'];
  /** The `kid`s; `undefined` before the new key is made. */
  readonly newKeyId: string | undefined;
  readonly oldKeyId: string | undefined;
  /**
   * When the next step may be taken, in RFC 3339; `undefined`: now, or when something else happens. At the end: until when the
   * old key is needed, if it still is.
   */
  readonly until: string | undefined;
  /** The obstacle that it waits for. */
  readonly problem: string | undefined;
  /** Other JWTs that sign with the old key, as `namespace/name`; while there are any, only force ends the rotation. */
  readonly sharedWith: readonly string[];
  /** Further notes. */
  readonly notes: readonly string[];
  /** Commands for the person who rotates. */
  readonly commands: readonly string[];
}

/** The report on a step. */
export function reportRotation(
  { state, issuer, source }: ObservedRotation,
  step: RotationStep,
  context: ReportContext,
): RotationReport {
  const { jwt, rotation } = state;
  const { namespace, name } = jwt;
  const { dir, sharers } = context;
  return {
    namespace,
    name,
    issuer,
    step: step.do,
    newKeyId: rotation?.publicKey.kid,
    oldKeyId: rotation?.previousKeyId ?? jwt.recorded.keyId,
    until: 'until' in step && step.until !== undefined ? formatTime(step.until) : undefined,
    problem: 'problem' in step ? step.problem : undefined,
    sharedWith: sharers?.jwts.map((other) => `${other.namespace}/${other.name}`) ?? [],
    notes: [
      ...noteSource(state, step, source),
      ...(step.do === 'make-key' ? [] : (sharers?.former.map(noteFormerSharer) ?? [])),
      ...(isKeyUnseen(rotation, step) ? [warnOfUnseenKey(dir)] : []),
      ...(step.do === 'await-others' ? [noteForce(jwt, context)] : []),
      ...noteRemoval(state, step, context),
    ],
    commands: commandsOf(state, step, context),
  };
}

const NAMES_SOURCE: ReadonlySet<RotationStep['do']> = new Set([
  'reverted',
  'keep-old',
  'await-others',
  'finish',
]);

/**
 * A source that is applied again has to name the new key, or it brings back the old one, which is to be removed.
 */
function noteSource(
  { jwt, rotation }: ObservedRotation['state'],
  step: RotationStep,
  source: AppliedSource,
): readonly string[] {
  if (rotation === undefined || source.state === 'changed' || !NAMES_SOURCE.has(step.do)) return [];
  const spec = JSON.stringify(newKeySpec(rotation, jwt.namespace));
  return [
    source.state === 'unchanged'
      ? `first change what ${source.by} applies this JWT from: it names another key, which the next apply brings back, and once that key is removed from its Secret, no token is signed then (KeyNotFound). Write into its spec: ${spec}`
      : `if this JWT is applied from a file or repository, write into its spec there, or the next apply brings the old key back: ${spec}`,
  ];
}

/** Whether the new key signs, by force, without having been seen at any URL. */
function isKeyUnseen(rotation: Rotation | undefined, step: RotationStep): boolean {
  return (step.do === 'switch' || step.do === 'keep-old') && rotation?.publishedAt === undefined;
}

function warnOfUnseenKey(dir: string | undefined): string {
  const remedy = dir === undefined ? 'publish it' : `copy ${dir} to your web site`;
  return `verifiers refuse the new tokens until they have fetched the new key: ${remedy}`;
}

/** The others may be of people who do not answer, or who want to keep the key. */
function noteForce(jwt: ObjectName, context: ReportContext): string {
  return `to end this rotation without them: ${nextRun(jwt, context, '--force')}`;
}

/** The command that goes on with the rotation of a JWT as this run did. */
function nextRun(
  { namespace, name }: ObjectName,
  { dir, readingFlags, printer }: ReportContext,
  ...flags: readonly string[]
): string {
  const given = [...flagWords('dir', dir), ...readingFlags];
  return printer.jwtInjector('rotate', name, '-n', namespace, ...flags, ...given);
}

function commandsOf(
  { jwt, rotation }: ObservedRotation['state'],
  step: RotationStep,
  context: ReportContext,
): readonly string[] {
  const { namespace, name } = jwt;
  const { dir, sharers } = context;
  const { jwtInjector, kubectl } = context.printer;
  const publish = ['jwks', name, '-n', namespace, '--dir', dir ?? 'DIR'];
  const first =
    step.do === 'publish' || (isKeyUnseen(rotation, step) && dir === undefined)
      ? [jwtInjector(...publish)]
      : [];
  if (step.do === 'reverted')
    return [
      nextRun(jwt, context, '--force'),
      kubectl('annotate', 'jwt', name, '-n', namespace, `${ROTATION}-`),
    ];
  const again = nextRun(jwt, context);
  const following = sharers?.jwts.map((sharer) => followingCommand(sharer, { jwt, rotation }, context)) ?? [];
  // Before anybody has seen the new key, it would have the tokens of the others refused as well.
  if (step.do === 'keep-old') return [...first, ...(isKeyUnseen(rotation, step) ? [] : following), again];
  if (step.do === 'await-others') return [...following, again];
  if (step.do !== 'finish') return first;
  return following.length > 0 ? following : removeOldKey({ jwt, rotation }, step, context);
}

function noteFormerSharer({ namespace, name, until }: FormerSharer): string {
  return `JWT ${namespace}/${name} had tokens of the old key: it is needed until ${formatTime(until)}`;
}

/** A JWT beside it, of the same issuer, needs one patch if the new key is published already; others rotate by themselves. */
function followingCommand(
  { namespace, name, issuer }: Sharer,
  { jwt, rotation }: Pick<ObservedRotation['state'], 'jwt' | 'rotation'>,
  context: ReportContext,
): string {
  const isBeside = namespace === jwt.namespace && issuer === jwt.recorded.issuer;
  // The documents of another issuer are in another folder.
  if (!isBeside || rotation === undefined)
    return nextRun({ namespace, name }, { ...context, dir: undefined });
  const spec = newKeyPatch(rotation, namespace);
  return context.printer.kubectl(
    'patch',
    'jwt',
    name,
    '-n',
    namespace,
    '--type=merge',
    '-p',
    JSON.stringify({ spec }),
  );
}
