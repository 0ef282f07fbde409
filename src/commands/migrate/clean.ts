import type { ObjectName } from '../../resources/object-key.ts';
import { isConflict, isNotFound, KubeError } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { Access } from '../cluster/connect.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import { discoverJwts } from '../cluster/discover.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import type { Io } from '../io.ts';
import { formatTable } from '../output/table.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { jwtScope, type JwtScope } from './jwt-scope.ts';
import { stopDeployment } from './shell-commands.ts';
import { findDeployments, type OldDeployment } from '../token-manager/deployments.ts';
import { cleaningPatch, findKopfLeftovers, type KopfLeftovers } from '../token-manager/kopf-leftovers.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** The options of `migrate clean`. */
export interface CleanOptions {
  /** Whether to clean the JWTs of all namespaces; else those in the namespace of the access. */
  readonly everywhere: boolean;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** One JWT with leftovers, as `-o json` prints it, and what was done about them. */
interface CleanedJwt extends ObjectName {
  /** The leftovers of token-manager on it. */
  readonly legacyMarkers: KopfLeftovers;
  /** `found`: nothing was changed, because of --dry-run or because token-manager runs, or may run. */
  readonly outcome: 'found' | 'cleaned' | 'failed';
  /** Why it failed. */
  readonly problem?: string;
}

interface CleanReport {
  /** `undefined` for all of them. */
  readonly namespace: string | undefined;
  readonly dryRun: boolean;
  readonly jwts: readonly CleanedJwt[];
  /** Deployments of token-manager that are still running: until they are stopped, nothing is cleaned. */
  readonly running: readonly OldDeployment[];
  /** Unless it is empty, one may run that the caller cannot see: nothing is cleaned then, either. */
  readonly forbidden: readonly string[];
}

/** A JWT that changed between reading and patching is read again; none changes so often. */
const MAX_TRIES = 5;

/**
 * `jwt-injector migrate clean`: removes the finalizer and the annotations of token-manager from the JWTs. Unless it is
 * known that no token-manager is running, nothing is changed: a JWT without them is new to it, and it would sign it again.
 */
export async function cleanLeftovers(access: Access, options: CleanOptions, io: Io): Promise<ExitCode> {
  const { everywhere, dryRun, output } = options;
  const forbidden = new Set<string>();
  const api = await discoverJwts(access.client);
  const scope = jwtScope(api, everywhere, access.namespace);
  const withLeftovers =
    api === undefined ? [] : await listWithLeftovers(access.client, resourcePath(JWTS, scope));
  const deployments = await findDeployments(access, forbidden);
  const running = deployments.filter(({ replicas }) => replicas > 0);
  const obstacle = whyNotCleaned(running, [...forbidden]);
  const report: CleanReport = {
    namespace: scope.namespace,
    dryRun,
    jwts:
      obstacle === undefined && !dryRun
        ? await inParallel(withLeftovers, (jwt) => cleanOne(access, jwt))
        : withLeftovers.map((jwt) => reportCleaned(jwt, 'found')),
    running,
    forbidden: [...forbidden],
  };
  printReport(io, output, report, (facts, paint) =>
    describeCleaning(facts, { scope, printer: access.printer, paint }),
  );
  const isRefused = withLeftovers.length > 0 && !dryRun && obstacle !== undefined;
  return isRefused || report.jwts.some(({ outcome }) => outcome === 'failed') ? EXIT.refused : EXIT.done;
}

interface JwtWithLeftovers extends ObjectName {
  readonly object: JsonObject;
  readonly leftovers: KopfLeftovers;
}

async function listWithLeftovers(
  client: Access['client'],
  path: string,
): Promise<readonly JwtWithLeftovers[]> {
  const { items } = await client.listMapped(path, { map: readLeftovers });
  return items.filter((jwt) => jwt !== undefined);
}

function readLeftovers(object: JsonObject): JwtWithLeftovers | undefined {
  const leftovers = findKopfLeftovers(object);
  if (leftovers === undefined) return undefined;
  const metadata = objectMember(object, 'metadata');
  const [namespace, name] = [stringMember(metadata, 'namespace') ?? '', stringMember(metadata, 'name') ?? ''];
  return { object, namespace, name, leftovers };
}

function reportCleaned(
  { namespace, name, leftovers }: JwtWithLeftovers,
  outcome: CleanedJwt['outcome'],
): CleanedJwt {
  return { namespace, name, legacyMarkers: leftovers, outcome };
}

/** A refusal is reported, and the other JWTs are still cleaned; without an answer the command ends. */
async function cleanOne({ client, printer }: Access, jwt: JwtWithLeftovers): Promise<CleanedJwt> {
  const path = resourcePath(JWTS, {
    ...(jwt.namespace === '' ? {} : { namespace: jwt.namespace }),
    name: jwt.name,
  });
  for (let tries = 1; ; tries += 1) {
    try {
      const present = tries === 1 ? jwt : readLeftovers(await client.get(path));
      if (present === undefined) return reportCleaned(jwt, 'cleaned'); // by another client
      await client.mergePatch(path, cleaningPatch(present.object, present.leftovers));
      return reportCleaned(jwt, 'cleaned');
    } catch (error) {
      if (isNotFound(error)) return reportCleaned(jwt, 'cleaned');
      if (!(error instanceof KubeError) || error.status === 0) throw error;
      const isStale = isConflict(error) && tries < MAX_TRIES;
      if (!isStale) return { ...reportCleaned(jwt, 'failed'), problem: describeApiError(error, printer) };
    }
  }
}

interface Wording {
  readonly scope: JwtScope;
  readonly printer: CommandPrinter;
  readonly paint: Paint;
}

function describeCleaning(report: CleanReport, { scope, printer, paint }: Wording): readonly string[] {
  const { dryRun, jwts, running, forbidden } = report;
  const where = scope.words;
  if (jwts.length === 0) return [`No JWT ${where} has anything left by token-manager.`];
  const count = (outcome: CleanedJwt['outcome']): number =>
    jwts.filter((jwt) => jwt.outcome === outcome).length;
  const rows = jwts.map(({ outcome, legacyMarkers: leftovers, problem, ...jwt }) => [
    paint(outcome === 'failed' ? 'red' : outcome === 'cleaned' ? 'green' : 'yellow', outcome),
    `JWT ${jwt.namespace === '' ? '' : `${jwt.namespace}/`}${jwt.name}`,
    problem ?? [...leftovers.finalizers, ...leftovers.annotations].join(', '),
  ]);
  const failed = count('failed');
  const obstacle = whyNotCleaned(running, forbidden);
  const verdict = dryRun
    ? `${jwts.length} would be cleaned ${where}; nothing was changed`
    : obstacle === undefined
      ? `${count('cleaned')} cleaned ${where}${failed === 0 ? '' : paint('red', `, ${failed} not`)}`
      : paint('red', `nothing was changed: ${obstacle}`);
  return [
    verdict,
    '',
    ...formatTable(rows),
    ...(obstacle === undefined
      ? []
      : ['', `${WHY_STOP_IT_FIRST}${running.length > 0 ? ' Stop it first:' : ''}`]),
    ...running.map((deployment) => stopDeployment(printer, deployment)),
    ...(forbidden.length === 0 ? [] : [paint('yellow', describeMissingRight(forbidden))]),
  ];
}

const WHY_STOP_IT_FIRST = 'Without these, a JWT is new to token-manager, and it would sign every one again.';

/** Why nothing may be cleaned: a token-manager that runs, or may run. */
function whyNotCleaned(running: readonly OldDeployment[], forbidden: readonly string[]): string | undefined {
  if (running.length > 0) return 'token-manager is still running';
  return forbidden.length > 0 ? 'it is not known whether token-manager is still running' : undefined;
}

/** The first is that for all namespaces, without which those for one of them do not help. */
function describeMissingRight([request]: readonly string[]): string {
  return `You are not allowed to ${request}: ask an administrator of the cluster to run this command.`;
}
