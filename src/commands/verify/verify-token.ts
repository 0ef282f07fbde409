import { toSeconds } from '../../time/units.ts';
import type { FoundToken } from '../input/found-token.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import { describeVerification } from './verdict-lines.ts';
import { examineToken, lookUp } from './examine-token.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** Fetches the keys of the token's issuer and says what each verifier makes of it. The token is sent to nobody. */
export async function verifyToken(
  token: FoundToken,
  options: FetchOptions,
  output: OutputFormat,
  io: Io,
): Promise<ExitCode> {
  const now = toSeconds(Date.now());
  const { report, isUnreachable } = await examineToken(token, (issuer) => lookUp(issuer, options), now);
  printReport(io, output, report, (facts, paint) => describeVerification(facts, now, paint));
  if (!report.verdicts.some(({ verdict }) => verdict === 'refuses')) return EXIT.done;
  return isUnreachable ? EXIT.outside : EXIT.refused;
}
