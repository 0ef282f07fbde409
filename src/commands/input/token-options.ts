import { ok, type Result } from '../../resources/result.ts';
import { CLUSTER_FLAGS, type ConnectFlags } from '../cluster/connect-flags.ts';
import type { FlagValues } from '../parse-flags.ts';
import { OUTPUT_FLAG, readOutputFormat, type OutputFormat } from '../output/report-output.ts';
import { readTokenPlace, TOKEN_FLAGS, type TokenPlace } from './token-place.ts';

/** The flags of every command that reports on one token: where it is, and how the report is printed. */
export const TOKEN_REPORT_FLAGS = { ...TOKEN_FLAGS, ...OUTPUT_FLAG, ...CLUSTER_FLAGS } as const;

/** The values of `TOKEN_REPORT_FLAGS` and the words beside them. */
export interface TokenOptions {
  readonly place: TokenPlace;
  /** The cluster to ask, if the token is in one. */
  readonly flags: ConnectFlags;
  readonly output: OutputFormat;
}

/** Reads `TOKEN_REPORT_FLAGS` and the words beside them; other flags may be among the values. The problem is one sentence. */
export function readTokenOptions(
  values: FlagValues<typeof TOKEN_REPORT_FLAGS>,
  words: readonly string[],
): Result<TokenOptions, string> {
  const output = readOutputFormat(values.output);
  if (!output.ok) return output;
  const place = readTokenPlace(values, words);
  if (!place.ok) return place;
  const { kubeconfig, context, namespace } = values;
  return ok({ place: place.value, flags: { kubeconfig, context, namespace }, output: output.value });
}
