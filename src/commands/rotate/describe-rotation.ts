import type { ObjectName } from '../../resources/object-key.ts';
import { formatTime, parseTime, formatUtc } from '../../time/format-time.ts';
import type { Paint } from '../output/report-output.ts';
import type { Rotation } from '../issuer/rotation.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { ROTATION } from '../../resources/names.ts';
import type { AppliedSource } from './applied-source.ts';
import type { FormerSharer, Sharer } from './find-sharers.ts';
import { newKeyPatch, newKeySpec } from './new-key-spec.ts';
import type { RotationStep } from './next-step.ts';
import type { ObservedRotation } from './observe-rotation.ts';
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
  { dir, sharers, printer }: ReportContext,
): RotationReport {
  const { jwt, rotation } = state;
  const { namespace, name } = jwt;
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
      ...noteRemoval(state, step, { dir, sharers, printer }),
    ],
    commands: commandsOf(state, step, { dir, sharers, printer }),
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

function commandsOf(
  { jwt, rotation }: ObservedRotation['state'],
  step: RotationStep,
  { dir, sharers, printer }: ReportContext,
): readonly string[] {
  const { namespace, name } = jwt;
  const { jwtInjector, kubectl } = printer;
  const publish = ['jwks', name, '-n', namespace, '--dir', dir ?? 'DIR'];
  const first =
    step.do === 'publish' || (isKeyUnseen(rotation, step) && dir === undefined)
      ? [jwtInjector(...publish)]
      : [];
  if (step.do === 'reverted')
    return [
      jwtInjector('rotate', name, '-n', namespace, '--force'),
      kubectl('annotate', 'jwt', name, '-n', namespace, `${ROTATION}-`),
    ];
  const again = jwtInjector('rotate', name, '-n', namespace);
  if (step.do === 'keep-old') return [...first, again];
  const following = sharers?.jwts.map((sharer) => followingCommand(sharer, { jwt, rotation }, printer)) ?? [];
  if (step.do === 'await-others') return [...following, again];
  if (step.do !== 'finish') return first;
  return following.length > 0 ? following : removeOldKey({ jwt, rotation }, step, { dir, sharers, printer });
}

function noteFormerSharer({ namespace, name, until }: FormerSharer): string {
  return `JWT ${namespace}/${name} had tokens of the old key: it is needed until ${formatTime(until)}`;
}

/** A JWT beside it, of the same issuer, needs one patch, as the new key is published already; others rotate by themselves. */
function followingCommand(
  { namespace, name, issuer }: Sharer,
  { jwt, rotation }: Pick<ObservedRotation['state'], 'jwt' | 'rotation'>,
  { jwtInjector, kubectl }: CommandPrinter,
): string {
  const isBeside = namespace === jwt.namespace && issuer === jwt.recorded.issuer;
  if (!isBeside || rotation === undefined) return jwtInjector('rotate', name, '-n', namespace);
  const spec = newKeyPatch(rotation, namespace);
  return kubectl('patch', 'jwt', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec }));
}

const TITLES: Readonly<Record<RotationStep['do'], string>> = {
  'make-key': '1. make a new key, in a Secret of its own',
  'note-wait': '2. wait for longer than an earlier run was asked to',
  publish: '2. publish it beside the old one',
  'look-again': '2. it is published, and the issuer does not answer now',
  'note-published': '2. both keys are published at every URL',
  wait: '3. wait until every verifier has fetched them',
  switch: '4. change keyId and key of the JWT in one patch',
  'await-signature': '4. the JWT is changed: a token is being signed with the new key',
  reverted: '4. the JWT was changed to the new key, and changed back',
  'await-others': '5. the new key signs; the old one stays as long as other JWTs need it',
  'keep-old': '5. the new key signs; the old one stays published until its last token has expired',
  finish: '6. done: the old key can be removed',
};

/** The steps at which both keys count. */
const NAMES_KEYS: ReadonlySet<RotationStep['do']> = new Set(['publish', 'keep-old', 'await-others']);

/** One step for people. */
export function describeProgress(report: RotationReport, paint: Paint): readonly string[] {
  const { namespace, name, step, newKeyId, oldKeyId, until, problem, sharedWith, notes, commands } = report;
  const time = parseTime(until);
  return [
    ...(step === 'make-key'
      ? [paint('bold', `Rotating the key of JWT ${namespace}/${name}`), `  old kid ${oldKeyId}`]
      : []),
    describeStep(step, time === undefined ? undefined : formatUtc(time), paint),
    ...(NAMES_KEYS.has(step) ? [`  new kid ${newKeyId}, old kid ${oldKeyId}`] : []),
    ...(problem === undefined ? [] : [`  ${step === 'reverted' ? '' : 'not yet: '}${problem}`]),
    ...(sharedWith.length === 0 ? [] : [`  ${paint('yellow', describeSharers(report))}`]),
    ...notes.map((note) => `  note: ${note}`),
    ...commands.map((command) => `  ${command}`),
  ];
}

function describeStep(step: RotationStep['do'], until: string | undefined, paint: Paint): string {
  if (step === 'finish' && until !== undefined)
    return `${paint('bold', '6. done by force')}: keep the old key until ${until}; when it is removed before, verifiers refuse the tokens that it signed`;
  return `${paint('bold', TITLES[step])}${until === undefined ? '' : `, ${until}`}`;
}

function describeSharers({ step, sharedWith }: RotationReport): string {
  const who = `JWT${sharedWith.length === 1 ? '' : 's'} ${sharedWith.join(', ')}`;
  return step === 'make-key'
    ? `the key signs for ${who} as well, and continues to: only this JWT gets the new one`
    : `the old key still signs for ${who}: keep it until each has the new one, and its last token of the old one has expired`;
}
