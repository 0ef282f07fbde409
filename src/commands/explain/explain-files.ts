import { toSeconds, type Seconds } from '../../time/units.ts';
import { stringMember, type JsonObject } from '../../resources/json.ts';
import { KIND } from '../../resources/names.ts';
import type { SigningPolicy } from '../../resources/signing-policy.ts';
import { describeJwtFile } from './jwt-file-lines.ts';
import { explainJwtFile, type JwtFileReport } from './jwt-file-report.ts';
import { readInput, type InputObject } from './read-input.ts';
import { readDefaults, type OfflineDefault } from '../input/documents.ts';
import { showFilename } from '../input/read-text.ts';
import { explainObject, type ExplainedObject, type ObjectReport } from './explain-object.ts';
import { describeObject } from './object-lines.ts';
import { printProblems } from '../print-problems.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** An object that jwt-injector never changes. */
interface OtherReport {
  readonly kind: string;
  readonly name: string;
  readonly decision: 'skip';
  readonly reason: 'NotRequested';
  readonly message: string;
}

type Explained = { readonly source: string } & (
  | { readonly what: 'object'; readonly explained: ExplainedObject }
  | { readonly what: 'jwt'; readonly report: JwtFileReport }
  | { readonly what: 'other'; readonly report: OtherReport }
);

/** The options of `explain -f`. */
export interface FilesToExplain {
  readonly filenames: readonly string[];
  readonly output: OutputFormat;
  /** The limits for JWTs; `undefined`: no limit. */
  readonly policy: SigningPolicy | undefined;
}

/** `jwt-injector explain -f FILE`, without a cluster. Exit code 1 when something is refused or cannot be signed. */
export async function explainFiles({ filenames, output, policy }: FilesToExplain, io: Io): Promise<ExitCode> {
  const input = await readInput(filenames, io);
  if (!input.ok) return printProblems([input.problem], io);
  if (input.value.length === 0) {
    io.stderr.write(`error: no Kubernetes object in ${filenames.map(showFilename).join(', ')}\n`);
    return EXIT.refused;
  }
  const now = toSeconds(Date.now());
  const explained: Explained[] = [];
  const all = input.value.map(({ object }) => object);
  const context = { all, defaultTokenOf: readDefaults(all), now, policy };
  for (const item of input.value) explained.push(...(await explainOne(item, context)));
  if (output === 'human') {
    printReport(io, output, explained, (ones, paint) =>
      ones.flatMap((one, index) => [...(index === 0 ? [] : ['']), ...describeExplained(one, now, paint)]),
    );
  } else printReport(io, output, { objects: explained.map(reportOf) }, () => []);
  return explained.some(isNegative) ? EXIT.refused : EXIT.done;
}

/** All objects of the input, since one may say something about another. */
interface Context {
  readonly all: readonly JsonObject[];
  readonly defaultTokenOf: OfflineDefault;
  readonly now: Seconds;
  readonly policy: SigningPolicy | undefined;
}

async function explainOne(
  item: InputObject,
  { all, defaultTokenOf, now, policy }: Context,
): Promise<readonly Explained[]> {
  const { object, source } = item;
  if (object['kind'] === KIND) {
    return [{ source, what: 'jwt', report: await explainJwtFile(object, all, now, policy) }];
  }
  const explained = explainObject(item, defaultTokenOf);
  if (explained.length === 0) return [{ source, what: 'other', report: reportOther(object) }];
  return explained.map((one) => ({ source, what: 'object', explained: one }));
}

function reportOther(object: JsonObject): OtherReport {
  const metadata = object['metadata'];
  const kind = stringMember(object, 'kind') ?? '';
  const type = `${stringMember(object, 'apiVersion') ?? 'no apiVersion'}, ${kind === '' ? 'no kind' : kind}`;
  return {
    kind,
    name: stringMember(metadata, 'name') ?? '',
    decision: 'skip',
    reason: 'NotRequested',
    message: `left unchanged: only pods and objects with a pod template get tokens, not ${type}`,
  };
}

function describeExplained(one: Explained, now: Seconds, paint: Paint): readonly string[] {
  switch (one.what) {
    case 'object':
      return describeObject(one.explained, { source: one.source, isMade: false }, paint);
    case 'jwt':
      return describeJwtFile(one.report, one.source, now, paint);
    case 'other': {
      const { kind, name, message } = one.report;
      return [`${paint('bold', `${kind} ${name}`)} (${one.source}): ${message}`];
    }
    default:
      return one satisfies never;
  }
}

function reportOf(
  one: Explained,
): { readonly source: string } & (ObjectReport | JwtFileReport | OtherReport) {
  return { source: one.source, ...(one.what === 'object' ? one.explained.report : one.report) };
}

function isNegative(one: Explained): boolean {
  if (one.what === 'jwt') return one.report.problems.length > 0;
  return one.what === 'object' && one.explained.report.decision === 'deny';
}
