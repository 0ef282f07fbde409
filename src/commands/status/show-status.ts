import { toSeconds } from '../../time/units.ts';
import type { ClusterAccess } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import { printProblems } from '../print-problems.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import { gatherStatus, type StatusQuery } from './gather-status.ts';
import { readInPods } from './read-in-pods.ts';
import { describeStatus } from './status-lines.ts';
import { isAllWell, reportStatus } from './status-report.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The options of `status`. */
export interface StatusOptions extends StatusQuery {
  readonly output: OutputFormat;
  /** Whether to read the files in the pods. */
  readonly isReading: boolean;
}

/**
 * Prints how things are now. Exit code 1 when a token cannot be used, or a name does not exist; 3 when the cluster does not know
 * JWTs.
 */
export async function showStatus(access: ClusterAccess, options: StatusOptions, io: Io): Promise<ExitCode> {
  const { seen: listed, problems } = await gatherStatus(access, options);
  const seen = options.isReading ? await readInPods(access, listed) : listed;
  const now = toSeconds(Date.now());
  const report = reportStatus(seen, now);
  const exit = printProblems(problems, io);
  if (report.jwts.length > 0 || problems.length === 0)
    printReport(io, options.output, report, (facts, paint) => describeStatus(facts, now, paint));
  return exit === EXIT.done && !isAllWell(report) ? EXIT.refused : exit;
}
