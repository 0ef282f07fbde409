import { ControlPlaneError } from './control-plane-error.ts';

const DEFAULT_MS = 120_000; // 4 s is usual; a busy CI machine can need much longer
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads $KUBEBUILDER_CONTROLPLANE_START_TIMEOUT, a duration in Go's form such as 1m30s; in milliseconds. */
export function readStartTimeout(environment: NodeJS.ProcessEnv): number {
  const text = environment['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT'];
  if (!text) return DEFAULT_MS;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw new ControlPlaneError(
      `KUBEBUILDER_CONTROLPLANE_START_TIMEOUT is ${JSON.stringify(text)}: give a duration like 90s or 1m30s`,
    );
  }
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    sum += Number(amount) * (UNITS_MS[unit] ?? 0);
  return sum;
}
