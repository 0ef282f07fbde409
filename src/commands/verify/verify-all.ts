import type { ObjectName } from '../../resources/object-key.ts';
import { isForbidden } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember } from '../../resources/json.ts';
import { explainingCommand } from '../cluster/command-printer.ts';
import { METADATA_LIST_ONLY } from '../../kube/client.ts';
import { VERIFIERS, type VerifierName } from '../../signing/verifiers/facts.ts';
import { toSeconds, type Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { findTokenInCluster } from '../input/token-in-cluster.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import type { Io } from '../io.ts';
import { formatTable } from '../output/table.ts';
import { printReport, type OutputFormat, type Paint, type Style } from '../output/report-output.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import type { LookUps } from '../issuer/look-up.ts';
import { examineToken, lookUp, type Examined } from './examine-token.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** One JWT, as `-o json` prints it. */
interface VerifiedJwt extends ObjectName {
  readonly issuer: string;
  /** `unknown`: the caller is not allowed to read its Secret; `none`: it has no token. */
  readonly result: 'accepted' | 'doubted' | 'refused' | 'none' | 'unknown';
  /** The verifiers that say so. */
  readonly verifiers: readonly VerifierName[];
  readonly reason: string;
  readonly remedy: string;
}

/**
 * `jwt-injector verify -A`: the verdict on the token of each JWT, with each issuer asked once. Exit code 1 when a token
 * is refused or missing, 3 when that is only because issuers did not answer, or when a token could not be read.
 */
export async function verifyAll(
  access: Access,
  options: FetchOptions,
  output: OutputFormat,
  io: Io,
): Promise<ExitCode> {
  const { items } = await access.client.listMapped(resourcePath(JWTS), {
    accept: METADATA_LIST_ONLY,
    map: (object): ObjectName => {
      const metadata = objectMember(object, 'metadata');
      return {
        namespace: stringMember(metadata, 'namespace') ?? '',
        name: stringMember(metadata, 'name') ?? '',
      };
    },
  });
  const now = toSeconds(Date.now());
  const asked = new Map<string, Promise<LookUps>>();
  const lookOnce = (issuer: string): Promise<LookUps> => {
    const known = asked.get(issuer) ?? lookUp(issuer, options);
    asked.set(issuer, known);
    return known;
  };
  const all = await inParallel(items, (place) => verifyOne(access, place, lookOnce, now));
  const jwts = all.map(({ jwt }) => jwt);
  printReport(io, output, { jwts }, (report, paint) => describeAll(report.jwts, paint));
  const bad = all.filter(({ jwt }) => jwt.result === 'refused' || jwt.result === 'none');
  if (!bad.every(({ isUnreachable }) => isUnreachable)) return EXIT.refused;
  const isPartial = bad.length > 0 || jwts.some(({ result }) => result === 'unknown');
  return isPartial ? EXIT.outside : EXIT.done;
}

interface Verified {
  readonly jwt: VerifiedJwt;
  readonly isUnreachable: boolean;
}

async function verifyOne(
  { client, printer }: Access,
  { namespace, name }: ObjectName,
  look: (issuer: string) => Promise<LookUps>,
  now: Seconds,
): Promise<Verified> {
  const without = (result: 'none' | 'unknown', reason: string, remedy: string): Verified => ({
    jwt: { namespace, name, issuer: '', result, verifiers: [], reason, remedy },
    isUnreachable: false,
  });
  try {
    const token = await findTokenInCluster({ client, printer, namespace }, { from: 'jwt', name });
    if (token.ok) return summarize({ namespace, name }, await examineToken(token.value, look, now));
    return without('none', token.problem.message, explainingCommand(printer, { namespace, name }));
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return without('unknown', `you are not allowed to ${describeRequest(error)}`, '');
  }
}

const RESULTS = { accepts: 'accepted', doubts: 'doubted', refuses: 'refused' } as const;

function summarize(place: ObjectName, { report, isUnreachable }: Examined): Verified {
  const { verdicts, issuer } = report;
  const verdict = (['refuses', 'doubts', 'accepts'] as const).find((word) =>
    verdicts.some((one) => one.verdict === word),
  );
  const those = verdicts.filter((one) => one.verdict === verdict);
  const reasons = those.flatMap((one) => one.reasons);
  const first = reasons.find(({ refuses }) => refuses) ?? reasons[0];
  const jwt: VerifiedJwt = {
    ...place,
    issuer,
    result: RESULTS[verdict ?? 'accepts'],
    verifiers: those.map(({ verifier }) => verifier),
    reason: first?.message ?? '',
    remedy: first?.remedy ?? '',
  };
  return { jwt, isUnreachable };
}

const RESULT_STYLES: Readonly<Record<VerifiedJwt['result'], Style>> = {
  accepted: 'green',
  doubted: 'yellow',
  refused: 'red',
  none: 'red',
  unknown: 'yellow',
};

function describeAll(jwts: readonly VerifiedJwt[], paint: Paint): readonly string[] {
  if (jwts.length === 0) return ['No JWT in all namespaces.'];
  const rows = jwts.map(({ namespace, name, issuer, result }) => [
    namespace,
    name,
    paint(RESULT_STYLES[result], result),
    issuer,
  ]);
  const said = jwts.filter(({ reason }) => reason !== '');
  return [
    ...formatTable([['NAMESPACE', 'NAME', 'TOKEN', 'ISSUER'], ...rows]),
    ...said.flatMap((jwt) => [''].concat(describeReason(jwt, paint))),
  ];
}

function describeReason(
  { namespace, name, result, verifiers, reason, remedy }: VerifiedJwt,
  paint: Paint,
): readonly string[] {
  const who = verifiers.map((verifier) => VERIFIERS[verifier].title).join(', ');
  const title = `${namespace}/${name}: ${result}${who === '' ? '' : ` by ${who}`}`;
  return [paint('bold', title), `  ${reason}`, ...(remedy === '' ? [] : [`    → ${remedy}`])];
}
