import { APP } from '../../resources/names.ts';
import type { SigningPolicy } from '../../resources/signing-policy.ts';
import { toSeconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { findJwt } from '../cluster/find-jwt.ts';
import { installedNamespace, readWebhookConfigurations } from '../installation/installed-namespace.ts';
import { describeJwt, isDueAtOnce } from './jwt-lines.ts';
import { reportJwt } from './jwt-report.ts';
import { takeSnapshot } from './snapshot.ts';
import { printProblems } from '../print-problems.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** The options of `explain jwt`. `legacyKeyNamespace`, `policy`: as the service's flags. */
interface ExplainJwtOptions {
  readonly name: string;
  readonly legacyKeyNamespace: string | undefined;
  /** `undefined`: what the JWT's own condition says of it. */
  readonly policy: SigningPolicy | undefined;
  readonly output: OutputFormat;
}

/** `jwt-injector explain jwt NAME`. Exit code 1 when it is not Ready, or not there. */
export async function explainJwt(
  access: Access,
  { name, legacyKeyNamespace, policy, output }: ExplainJwtOptions,
  io: Io,
): Promise<ExitCode> {
  const { client, namespace, printer } = access;
  const jwt = await findJwt(access, namespace, name);
  if (!jwt.ok) return printProblems([jwt.problem], io);
  const now = toSeconds(Date.now());
  const snapshot = await takeSnapshot(client, jwt.value, { legacyKeyNamespace, policy }, now);
  const report = reportJwt(snapshot, now);
  const isAsked = output === 'human' && isDueAtOnce(report, now);
  const installed = isAsked ? installedNamespace(await readWebhookConfigurations(client)) : undefined;
  printReport(io, output, report, (facts, paint) =>
    describeJwt(facts, { now, home: installed ?? APP, printer }, paint),
  );
  return report.ready === 'True' ? EXIT.done : EXIT.refused;
}
