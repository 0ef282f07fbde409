import { isConflict, isDenied, isNotFound, KubeError } from '../../kube/errors.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { JWTS } from '../../kube/token-store.ts';
import { objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import type { Access } from '../cluster/connect.ts';
import { describeApiError } from '../cluster/connect-errors.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { formatTable } from '../output/table.ts';
import { printReport, type OutputFormat, type Paint } from '../output/table-output.ts';
import { stopDeployment } from './commands.ts';
import { findDeployments, type OldDeployment } from './deployments.ts';
import { cleaningPatch, findLegacyMarks, type LegacyMarks } from './kopf-leftovers.ts';

/** What `migrate clean` was asked. */
export interface CleanOptions {
  /** Of all namespaces; else of that of the access. */
  readonly everywhere: boolean;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** One JWT with marks, and what became of them. */
interface CleanedJwt extends LegacyMarks {
  readonly namespace: string;
  readonly name: string;
  /** `found`: nothing was changed, as asked for or because token-manager runs. */
  readonly outcome: 'found' | 'cleaned' | 'failed';
  /** Why it failed. */
  readonly problem?: string;
}

interface CleanReport {
  /** `undefined` for all of them. */
  readonly namespace: string | undefined;
  readonly dryRun: boolean;
  readonly jwts: readonly CleanedJwt[];
  /** Deployments of token-manager that still run: nothing is cleaned beside them. */
  readonly running: readonly OldDeployment[];
  readonly mayNot: readonly string[];
}

/** Requests in flight, as in `migrate check`. */
const AT_ONCE = 16;
/** A JWT that changed between reading and patching is read again; nobody writes one so often. */
const MOST_TRIES = 5;

/**
 * `jwt-injector migrate clean`: takes token-manager's finalizer and annotations off the JWTs. Beside a token-manager that
 * runs nothing is changed: a JWT without its marks is new to it, and it would sign it again.
 */
export async function cleanLeftovers(access: Access, options: CleanOptions, io: Io): Promise<ExitCode> {
  const { everywhere, dryRun, output } = options;
  const mayNot = new Set<string>();
  const place = everywhere ? {} : { namespace: access.namespace };
  const marked = await listMarked(access.client, resourcePath(JWTS, place));
  const deployments = await findDeployments(access, mayNot);
  const running = deployments.filter(({ replicas }) => replicas > 0);
  const isAllowed = !dryRun && running.length === 0;
  const report: CleanReport = {
    namespace: everywhere ? undefined : access.namespace,
    dryRun,
    jwts: isAllowed ? await cleanAll(access.client, marked) : marked.map((jwt) => told(jwt, 'found')),
    running,
    mayNot: [...mayNot],
  };
  printReport(io, output, report, describeCleaning);
  const isRefused = marked.length > 0 && !dryRun && running.length > 0;
  return isRefused || report.jwts.some(({ outcome }) => outcome === 'failed') ? EXIT.refused : EXIT.done;
}

interface MarkedJwt {
  readonly object: JsonObject;
  readonly namespace: string;
  readonly name: string;
  readonly marks: LegacyMarks;
}

async function listMarked(client: Access['client'], path: string): Promise<readonly MarkedJwt[]> {
  try {
    const { items } = await client.listMapped(path, { map: readMarked });
    return items.filter((jwt) => jwt !== undefined);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function readMarked(object: JsonObject): MarkedJwt | undefined {
  const marks = findLegacyMarks(object);
  if (marks === undefined) return undefined;
  const metadata = objectMember(object, 'metadata');
  const [namespace, name] = [stringMember(metadata, 'namespace') ?? '', stringMember(metadata, 'name') ?? ''];
  return { object, namespace, name, marks };
}

function told({ namespace, name, marks }: MarkedJwt, outcome: CleanedJwt['outcome']): CleanedJwt {
  return { namespace, name, ...marks, outcome };
}

async function cleanAll(
  client: Access['client'],
  marked: readonly MarkedJwt[],
): Promise<readonly CleanedJwt[]> {
  const done: CleanedJwt[] = [];
  const queue = marked.entries();
  const work = async (): Promise<void> => {
    for (const [index, jwt] of queue) done[index] = await cleanOne(client, jwt);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return done;
}

/** What is refused is told, so that the others are cleaned all the same; without an answer nothing goes on. */
async function cleanOne(client: Access['client'], jwt: MarkedJwt): Promise<CleanedJwt> {
  const path = resourcePath(JWTS, {
    ...(jwt.namespace === '' ? {} : { namespace: jwt.namespace }),
    name: jwt.name,
  });
  let present: MarkedJwt | undefined = jwt;
  for (let tries = 1; present !== undefined; tries += 1) {
    try {
      await client.mergePatch(path, cleaningPatch(present.object, present.marks));
      return told(jwt, 'cleaned');
    } catch (error) {
      if (isNotFound(error)) return told(jwt, 'cleaned');
      if (!(error instanceof KubeError) || error.status === 0) throw error;
      const isStale = isConflict(error) && tries < MOST_TRIES;
      if (!isStale) return { ...told(jwt, 'failed'), problem: describeApiError(error) };
      present = await readAgain(client, path);
    }
  }
  return told(jwt, 'cleaned');
}

/** `undefined` when it is gone, or has no marks any more. */
async function readAgain(client: Access['client'], path: string): Promise<MarkedJwt | undefined> {
  try {
    return readMarked(await client.get(path));
  } catch (error) {
    if (isNotFound(error) || isDenied(error)) return undefined;
    throw error;
  }
}

function describeCleaning(report: CleanReport, paint: Paint): readonly string[] {
  const { namespace, dryRun, jwts, running, mayNot } = report;
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  if (jwts.length === 0) return [`No JWT ${where} carries anything of token-manager.`];
  const count = (outcome: CleanedJwt['outcome']): number =>
    jwts.filter((jwt) => jwt.outcome === outcome).length;
  const rows = jwts.map(({ outcome, finalizers, annotations, problem, ...jwt }) => [
    paint(outcome === 'failed' ? 'red' : outcome === 'cleaned' ? 'green' : 'yellow', outcome),
    `JWT ${jwt.namespace === '' ? '' : `${jwt.namespace}/`}${jwt.name}`,
    problem ?? [...finalizers, ...annotations].join(', '),
  ]);
  const failed = count('failed');
  const verdict = dryRun
    ? `${jwts.length} would be cleaned ${where}; nothing was changed`
    : running.length > 0
      ? paint('red', `nothing was changed: token-manager still runs`)
      : `${count('cleaned')} cleaned ${where}${failed === 0 ? '' : paint('red', `, ${failed} not`)}`;
  return [
    verdict,
    '',
    ...formatTable(rows),
    ...(running.length === 0
      ? []
      : ['', 'JWTs without its marks are new to it: it would sign them all again. Stop it first:']),
    ...running.map(stopDeployment),
    ...mayNot.map((request) =>
      paint(
        'yellow',
        `note: you are not allowed to ${request}: whether token-manager still runs is not known`,
      ),
    ),
  ];
}
