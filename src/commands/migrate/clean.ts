import { JWTS } from '../../kube/known-resources.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import type { ObjectName } from '../../resources/object-key.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import type { Access } from '../cluster/connect.ts';
import { discoverJwts } from '../cluster/discover.ts';
import { EXIT, type ExitCode } from '../command.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { formatTable } from '../output/table.ts';
import { findDeployments, type OldDeployment } from '../token-manager/deployments.ts';
import { findOldPods } from '../token-manager/old-pods.ts';
import { cleanJwts, listWithLeftovers, reportCleaned, type CleanedJwt } from './clean-jwts.ts';
import { jwtScope, type JwtScope } from './jwt-scope.ts';
import { awaitEnd, dropPod, stopDeployment } from './shell-commands.ts';

/** The options of `migrate clean`. */
export interface CleanOptions {
  /** Whether to clean the JWTs of all namespaces; else those in the namespace of the access. */
  readonly everywhere: boolean;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

interface CleanReport {
  /** `undefined` for all of them. */
  readonly namespace: string | undefined;
  readonly dryRun: boolean;
  readonly jwts: readonly CleanedJwt[];
  /** Deployments of token-manager that are wanted: until they are stopped, nothing is cleaned. */
  readonly running: readonly OldDeployment[];
  /** Pods of token-manager that have not ended: until they have, nothing is cleaned. */
  readonly pods: readonly ObjectName[];
  /** Unless it is empty, one may run that the caller cannot see: nothing is cleaned then, either. */
  readonly forbidden: readonly string[];
}

/**
 * `jwt-injector migrate clean`: removes the finalizer and the annotations of token-manager from the JWTs. Unless it is
 * known that no token-manager is running, nothing is changed: a JWT without them is new to it, and it would sign it again.
 */
export async function cleanLeftovers(access: Access, options: CleanOptions, io: Io): Promise<ExitCode> {
  const { everywhere, dryRun, output } = options;
  const api = await discoverJwts(access.client);
  const scope = jwtScope(api, everywhere, access.namespace);
  const withLeftovers =
    api === undefined ? [] : await listWithLeftovers(access.client, resourcePath(JWTS, scope));
  const deployments = await findDeployments(access);
  const pods = await findOldPods(access);
  const facts = {
    running: deployments.items.filter(({ replicas }) => replicas > 0),
    pods: pods.items,
    forbidden: [...deployments.forbidden, ...pods.forbidden],
  };
  const obstacle = whyNotCleaned(facts);
  const { jwts, isSilent } =
    obstacle === undefined && !dryRun
      ? await cleanJwts(access, withLeftovers)
      : { jwts: withLeftovers.map((jwt) => reportCleaned(jwt, 'found')), isSilent: false };
  const report: CleanReport = { namespace: scope.namespace, dryRun, jwts, ...facts };
  printReport(io, output, report, (shown, paint) =>
    describeCleaning(shown, { scope, printer: access.printer, paint }),
  );
  if (isSilent) return EXIT.outside;
  const isRefused = jwts.length > 0 && !dryRun && obstacle !== undefined;
  return isRefused || jwts.some(({ outcome }) => outcome === 'failed') ? EXIT.refused : EXIT.done;
}

interface Wording {
  readonly scope: JwtScope;
  readonly printer: CommandPrinter;
  readonly paint: Paint;
}

function describeCleaning(report: CleanReport, { scope, printer, paint }: Wording): readonly string[] {
  const { dryRun, jwts, running, pods, forbidden } = report;
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
  const obstacle = whyNotCleaned(report);
  const verdict = dryRun
    ? `${jwts.length} would be cleaned ${where}; nothing was changed`
    : obstacle === undefined
      ? `${count('cleaned')} cleaned ${where}${failed === 0 ? '' : paint('red', `, ${failed} not`)}`
      : paint('red', `nothing was changed: ${obstacle}`);
  return [
    verdict,
    '',
    ...formatTable(rows),
    ...(obstacle === undefined ? [] : ['', WHY_STOP_IT_FIRST]),
    ...running.map((deployment) => stopDeployment(printer, deployment)),
    ...pods.flatMap((pod) => [
      awaitEnd(printer, pod),
      `If its node is gone, it never ends by itself: ${dropPod(printer, pod)}`,
    ]),
    ...(forbidden.length === 0 ? [] : [paint('yellow', describeMissingRight(forbidden))]),
  ];
}

const WHY_STOP_IT_FIRST =
  'Without these, a JWT is new to token-manager, and it would sign every one again: stop it first.';

/** Why nothing may be cleaned: a token-manager that runs, or may run. */
function whyNotCleaned({
  running,
  pods,
  forbidden,
}: Pick<CleanReport, 'running' | 'pods' | 'forbidden'>): string | undefined {
  if (running.length + pods.length > 0) return 'token-manager is still running';
  return forbidden.length > 0 ? 'it is not known whether token-manager is still running' : undefined;
}

/** The first is that for all namespaces, without which those for one of them do not help. */
function describeMissingRight([request]: readonly string[]): string {
  return `You are not allowed to ${request}: ask an administrator of the cluster to run this command.`;
}
