import { textOf } from '../../resources/json.ts';
import { VERIFIERS } from '../../signing/verifiers/facts.ts';
import type { VerifierVerdict } from '../../signing/verifiers/judge.ts';
import type { Seconds } from '../../time/units.ts';
import { formatTable } from '../output/table.ts';
import type { Paint, Style } from '../output/report-output.ts';
import type { Asked } from '../issuer/look-up.ts';
import type { Verification } from './examine-token.ts';
import { formatWhen } from '../../time/format-time.ts';

const VERDICT_STYLES: Readonly<Record<VerifierVerdict['verdict'], Style>> = {
  accepts: 'green',
  doubts: 'yellow',
  refuses: 'red',
};
const VERDICT_WORDS: Readonly<Record<VerifierVerdict['verdict'], string>> = {
  accepts: 'accepts it',
  doubts: 'may accept it',
  refuses: 'refuses it',
};

/** The report for people; `now` in seconds since the epoch. */
export function describeVerification(report: Verification, now: Seconds, paint: Paint): readonly string[] {
  const { source, issuer, header, claims, asked, keys, verdicts, advice, signature } = report;
  const { exp, scope, sub } = claims;
  const rows = [
    ['  issuer', issuer === '' ? 'none' : issuer],
    ['  kid', `${textOf(header['kid'])} (${textOf(header['alg'])})`],
    ['  signature', signature],
    ['  subject', textOf(sub)],
    ['  scope', textOf(scope)],
    ['  expires', typeof exp === 'number' ? formatWhen(exp, now) : textOf(exp)],
  ];
  return [
    paint('bold', `Token of ${source}`),
    ...formatTable(rows),
    ...(asked.length === 0 ? [] : ['', paint('bold', 'What its issuer publishes')]),
    ...asked.flatMap((document) => describeAsked(document, paint)),
    ...formatTable(
      keys.map(({ kid, algorithm, thumbprint }) => [
        `  key ${kid ?? 'without kid'}`,
        algorithm ?? 'without alg',
        thumbprint === undefined ? 'not a complete key' : `thumbprint ${thumbprint}`,
      ]),
    ),
    '',
    paint('bold', 'Verdicts'),
    ...describeVerdicts(verdicts, paint),
    ...(advice.length === 0 ? [] : ['', ...advice.map((text) => `${paint('cyan', 'advice:')} ${text}`)]),
  ];
}

function describeAsked({ url, status, redirects, problem }: Asked, paint: Paint): readonly string[] {
  const answer = problem === undefined ? paint('green', String(status)) : paint('red', problem);
  return [`  ${url}  ${answer}`, ...redirects.map((target) => `    redirected to ${target}`)];
}

function describeVerdicts(verdicts: readonly VerifierVerdict[], paint: Paint): readonly string[] {
  return verdicts.flatMap(({ verifier, verdict, reasons }) => {
    const title = `  ${VERIFIERS[verifier].title.padEnd(23)} ${paint(VERDICT_STYLES[verdict], VERDICT_WORDS[verdict])}`;
    return [title].concat(reasons.flatMap(({ message, remedy }) => [`    ${message}`, `      → ${remedy}`]));
  });
}
