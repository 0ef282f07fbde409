import { formatUtc, parseTime } from '../../time/format-time.ts';
import type { Paint } from '../output/report-output.ts';
import type { RotationStep } from './next-step.ts';
import type { RotationReport } from './rotation-report.ts';

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
    describeStep(report, time === undefined ? undefined : formatUtc(time), paint),
    ...(NAMES_KEYS.has(step) ? [`  new kid ${newKeyId}, old kid ${oldKeyId}`] : []),
    ...(problem === undefined ? [] : [`  ${step === 'reverted' ? '' : 'not yet: '}${problem}`]),
    ...(sharedWith.length === 0 ? [] : [`  ${paint('yellow', describeSharers(report))}`]),
    ...notes.map((note) => `  note: ${note}`),
    ...commands.map((command) => `  ${command}`),
  ];
}

function describeStep({ step, sharedWith }: RotationReport, until: string | undefined, paint: Paint): string {
  if (step === 'finish' && (until !== undefined || sharedWith.length > 0)) {
    const limit = sharedWith.length > 0 ? 'as long as other JWTs need it' : `until ${until}`;
    return `${paint('bold', '6. done by force')}: keep the old key ${limit}; when it is removed before, verifiers refuse the tokens that it signed`;
  }
  return `${paint('bold', TITLES[step])}${until === undefined ? '' : `, ${until}`}`;
}

function describeSharers({ step, sharedWith }: RotationReport): string {
  const who = `JWT${sharedWith.length === 1 ? '' : 's'} ${sharedWith.join(', ')}`;
  return step === 'make-key'
    ? `the key signs for ${who} as well, and continues to: only this JWT gets the new one`
    : `the old key still signs for ${who}: keep it until each has the new one, and its last token of the old one has expired`;
}
