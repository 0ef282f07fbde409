import type { Access } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import type { MigrationFinding } from './migration-facts.ts';
import { gatherFacts, type GatherOptions } from './gather-migration.ts';
import { findLeftovers } from './find-leftovers.ts';
import { jwtScope, type JwtScope } from './jwt-scope.ts';
import { formatTable } from '../output/table.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The options of `migrate check`. */
export interface MigrateOptions extends GatherOptions {
  readonly output: OutputFormat;
}

interface MigrationReport {
  /** `undefined` for all of them. */
  readonly namespace: string | undefined;
  /** How many JWTs were checked. */
  readonly jwts: number;
  readonly findings: readonly MigrationFinding[];
  readonly forbidden: readonly string[];
}

/** `jwt-injector migrate check`: exit code 1 when something has to be fixed. */
export async function checkMigration(access: Access, options: MigrateOptions, io: Io): Promise<ExitCode> {
  const gathered = await gatherFacts(access, options);
  const scope = jwtScope(gathered?.facts.api, options.everywhere, access.namespace);
  const report: MigrationReport = {
    namespace: scope.namespace,
    jwts: gathered?.facts.jwts.length ?? 0,
    findings: gathered === undefined ? [] : findLeftovers(gathered.facts),
    forbidden: gathered?.forbidden ?? [],
  };
  printReport(io, options.output, report, (facts, paint) =>
    gathered === undefined
      ? [
          'This cluster has no JWT resource: there is nothing to take over.',
          'To install jwt-injector, see docs/install.md of the checkout.',
        ]
      : describeMigration(facts, scope, paint),
  );
  return report.findings.some(({ level }) => level === 'fix') ? EXIT.refused : EXIT.done;
}

function describeMigration(report: MigrationReport, scope: JwtScope, paint: Paint): readonly string[] {
  const { jwts, findings, forbidden } = report;
  const fixes = findings.filter(({ level }) => level === 'fix');
  const notes = findings.filter(({ level }) => level === 'note');
  const verdict =
    fixes.length === 0
      ? paint('green', `nothing to fix${forbidden.length === 0 ? '' : ' in what you are allowed to read'}`)
      : paint('red', `${fixes.length} to fix`);
  const remarks = notes.length === 0 ? '' : `, ${notes.length} ${notes.length === 1 ? 'remark' : 'remarks'}`;
  const rows = findings.map(({ level, reason, object, why }) => [
    paint(level === 'fix' ? 'red' : 'yellow', level),
    reason,
    object,
    why,
  ]);
  return [
    `${jwts} ${jwts === 1 ? 'JWT' : 'JWTs'} ${scope.words}: ${verdict}${remarks}`,
    ...(rows.length === 0 ? [] : ['', ...formatTable(rows)]),
    ...describeCommands('To fix it, in this order:', fixes, paint),
    ...describeCommands('Optional clean-up:', notes, paint),
    ...(forbidden.length === 0 ? [] : ['']),
    ...forbidden.map((request) =>
      paint('yellow', `note: you are not allowed to ${request}: these were not checked`),
    ),
  ];
}

/** Can be pasted into a shell: the explanations are comments. A command that several findings share appears once. */
function describeCommands(
  title: string,
  findings: readonly MigrationFinding[],
  paint: Paint,
): readonly string[] {
  const seen = new Set<string>();
  const lines = findings.flatMap(({ object, reason, commands }) => {
    const fresh = commands.filter((command) => !seen.has(command));
    for (const command of fresh) seen.add(command);
    return fresh.length === 0 ? [] : [paint('gray', `# ${object}: ${reason}`), ...fresh];
  });
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}
