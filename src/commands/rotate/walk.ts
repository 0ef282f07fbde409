import { isTransient, KubeError } from '../../kube/errors.ts';
import { ROTATION } from '../../resources/names.ts';
import { systemClock } from '../../time/clock.ts';
import type { Milliseconds } from '../../time/units.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import type { Access } from '../cluster/connect.ts';
import { EXIT, type ExitCode } from '../command.ts';
import type { Io } from '../io.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import { printReport } from '../output/report-output.ts';
import { printProblems } from '../print-problems.ts';
import { describeProgress, reportRotation, type RotationReport } from './describe-rotation.ts';
import { findSharers } from './find-sharers.ts';
import { nextStep, type RotationStep } from './next-step.ts';
import { observeRotation } from './observe-rotation.ts';
import { isWorthAnotherLook } from './outage.ts';
import { LOOK_SOON_MS, takeStep, type RotateOptions } from './take-step.ts';

/** At the beginning it can still be decided otherwise; at the end it counts. */
const NAMES_SHARERS: ReadonlySet<RotationStep['do']> = new Set(['make-key', 'keep-old', 'finish']);

/** Walks the documented rotation from where it is, one step after the other; each is in the JWT before the next begins. */
export async function walkRotation(
  access: Access,
  options: RotateOptions,
  fetching: FetchOptions,
  io: Io,
): Promise<ExitCode> {
  /** What was shown last, as JSON. */
  let shown = '';
  /** Of the step that was due last. */
  let last: RotationReport | undefined;
  /** Whether the new key signed already when this run began. */
  let beganSwitched: boolean | undefined;
  /** When all was well last; `undefined` until the cluster has answered once. */
  let wellAt: Milliseconds | undefined;
  const { force, noWait, legacyKeyNamespace } = options;
  for (;;) {
    try {
      const code = await goOn();
      if (code !== undefined) return code;
      wellAt = systemClock.monotonic();
    } catch (error) {
      const isLasting =
        wellAt === undefined || !isWorthAnotherLook(error, systemClock.monotonic() - wellAt, noWait);
      if (isLasting) return giveUp(error);
      await systemClock.sleep(LOOK_SOON_MS);
    }
  }

  /** Looks, and takes the step that is due; the exit code when that was all. Errors of the API server are thrown. */
  async function goOn(): Promise<ExitCode | undefined> {
    const observed = await observeRotation(access, options.name, { ...fetching, wait: options.wait, force });
    wellAt ??= systemClock.monotonic();
    if (!observed.ok) return printProblems([observed.problem], io);
    const { jwt, rotation } = observed.value.state;
    // One run is one rotation: it may have ended by a request whose answer was lost, or by another run.
    if (rotation === undefined && last?.newKeyId !== undefined) return endWith(last);
    beganSwitched ??= rotation?.switchedAt !== undefined;
    // A run that is forced past the waiting before the switch is not forced past that for the old key, too.
    const isForced = force && (beganSwitched || rotation?.switchedAt === undefined);
    const step = nextStep(observed.value.state, isForced);
    const sharers = NAMES_SHARERS.has(step.do)
      ? await findSharers(access, jwt, rotation, legacyKeyNamespace)
      : undefined;
    const report = reportRotation(observed.value, step, {
      dir: options.dir,
      sharers,
      printer: access.printer,
    });
    last = report;
    const isEnd = step.do === 'keep-old' || step.do === 'finish' || (noWait && isWaiting(step));
    if (step.do !== 'finish') show(report, isEnd);
    if (step.do === 'keep-old') return EXIT.done;
    const done = await takeStep(step, observed.value.state, { access, options, io });
    if (!done.ok) return printProblems([done.problem], io);
    if (step.do === 'finish') return endWith(report);
    if (isEnd) return EXIT.refused;
    if (done.value > 0) await systemClock.sleep(done.value);
    return undefined;
  }

  /** A last step without an answer may have been taken: another run would not go on, it would begin another rotation. */
  function giveUp(error: unknown): ExitCode {
    if (last?.step !== 'finish' || !(error instanceof KubeError) || !isTransient(error)) throw error;
    const { namespace, name } = last;
    const look = access.printer.kubectl('get', 'jwt', name, '-n', namespace, '-o', 'yaml');
    const message = `${describeApiError(error, access.printer)}; whether the last step was taken is not known: if the JWT no longer has the annotation ${ROTATION} (${look}), it was, and another run would begin another rotation`;
    return printProblems([{ exit: EXIT.outside, message }], io);
  }

  /** Each state once; for scripts only the last. */
  function show(report: RotationReport, isEnd: boolean): void {
    const text = JSON.stringify(report);
    if (text !== shown && (options.output === 'human' || isEnd))
      printReport<RotationReport>(io, options.output, report, describeProgress);
    shown = text;
  }

  /** The annotation is gone. */
  function endWith(report: RotationReport): ExitCode {
    if (report.step === 'finish') {
      show(report, true);
      return EXIT.done;
    }
    const message = `JWT ${report.namespace}/${report.name}: somebody else ended this rotation before it was over; another run begins a new one`;
    return printProblems([{ exit: EXIT.refused, message }], io);
  }
}

function isWaiting(step: RotationStep): boolean {
  return step.do === 'publish' || step.do === 'wait';
}
