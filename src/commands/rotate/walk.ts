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
import { describeProgress } from './rotation-lines.ts';
import { reportRotation, type RotationReport } from './rotation-report.ts';
import { findSharers } from './find-sharers.ts';
import { holdForOthers } from './hold-for-others.ts';
import { isSwitched, nextStep, type RotationState, type RotationStep } from './next-step.ts';
import { observeRotation, type ObservedRotation } from './observe-rotation.ts';
import { isWorthAnotherLook } from './outage.ts';
import { LOOK_SOON_MS, takeStep, type RotateOptions } from './take-step.ts';

/** The steps that name sharers: at the beginning it can still be decided otherwise; at the end it counts. */
const NAMES_SHARERS: ReadonlySet<RotationStep['do']> = new Set(['make-key', 'keep-old', 'finish']);
/** The steps with which every run ends. */
const LAST_OF_RUN: ReadonlySet<RotationStep['do']> = new Set([
  'keep-old',
  'await-others',
  'finish',
  'reverted',
]);
/** The steps that pass by themselves, or when somebody publishes the documents. */
const WAITING: ReadonlySet<RotationStep['do']> = new Set(['publish', 'look-again', 'wait']);

interface RotationRun {
  readonly access: Access;
  readonly options: RotateOptions;
  readonly fetching: FetchOptions;
  readonly io: Io;
}

/** Walks the documented rotation from where it is, one step after the other; each is in the JWT before the next begins. */
export class RotationWalk {
  readonly #run: RotationRun;
  /** The report that was shown last, as JSON. */
  #shown = '';
  /** The report of the step that was due last. */
  #last: RotationReport | undefined;
  /** Whether the JWT had the new key already when this run began: force is for the end then, else for the switch. */
  #beganSwitched: boolean | undefined;
  /** Whether this run has seen the new key in the JWT. */
  #hasSeenSwitch = false;
  /** When all was well last; `undefined` until the cluster has answered once. */
  #wellAt: Milliseconds | undefined;

  constructor(run: RotationRun) {
    this.#run = run;
  }

  /** Until the rotation is over, or waits for somebody; errors of the API server that last are thrown. */
  async run(): Promise<ExitCode> {
    for (;;) {
      try {
        const code = await this.#goOn();
        if (code !== undefined) return code;
        this.#wellAt = systemClock.monotonic();
      } catch (error) {
        if (this.#isLasting(error)) return this.#giveUp(error);
        await systemClock.sleep(LOOK_SOON_MS);
      }
    }
  }

  /** Looks, and takes the step that is due; the exit code when that was all. */
  async #goOn(): Promise<ExitCode | undefined> {
    const { access, options, fetching, io } = this.#run;
    const observed = await observeRotation(access, options.name, { ...fetching, ...options });
    this.#wellAt ??= systemClock.monotonic();
    if (!observed.ok) return printProblems([observed.problem], io);
    const { state } = observed.value;
    // One run is one rotation: it may have ended by a request whose answer was lost, or by another run.
    if (state.rotation === undefined && this.#last?.newKeyId !== undefined) return this.#endWith(this.#last);
    const { step, report } = await this.#findStep(observed.value);
    this.#last = report;
    const isEnd = LAST_OF_RUN.has(step.do) || (options.noWait && WAITING.has(step.do));
    if (step.do !== 'finish') this.#show(report, isEnd);
    if (step.do === 'keep-old' || step.do === 'await-others') return EXIT.done;
    const done = await takeStep(step, state, { access, options, io });
    if (!done.ok) return printProblems([done.problem], io);
    if (step.do === 'finish') return this.#endWith(report);
    if (isEnd) return EXIT.refused;
    if (done.value > 0) await systemClock.sleep(done.value);
    return undefined;
  }

  /**
   * Force is for one of two: a run that is forced past the waiting before the switch is not forced past that for the old
   * key, and does not switch again and again beside somebody who changes the key back.
   */
  #isForced({ jwt, rotation }: RotationState): boolean {
    const hasNewKey = isSwitched(jwt, rotation);
    this.#beganSwitched ??= hasNewKey;
    this.#hasSeenSwitch ||= hasNewKey;
    return this.#run.options.force && (this.#beganSwitched ? hasNewKey : !this.#hasSeenSwitch);
  }

  async #findStep(observed: ObservedRotation): Promise<{ step: RotationStep; report: RotationReport }> {
    const { access, options } = this.#run;
    const isForced = this.#isForced(observed.state);
    const own = nextStep(observed.state, isForced);
    const sharers = NAMES_SHARERS.has(own.do)
      ? await findSharers(access, observed.state, options.legacyKeyNamespace)
      : undefined;
    const step = sharers === undefined ? own : holdForOthers(own, sharers, isForced);
    const { dir, readingFlags } = options;
    const { printer } = access;
    const report = reportRotation(observed, step, { dir, readingFlags, sharers, printer });
    return { step, report };
  }

  #isLasting(error: unknown): boolean {
    const { noWait } = this.#run.options;
    if (this.#wellAt === undefined) return true;
    return !isWorthAnotherLook(error, systemClock.monotonic() - this.#wellAt, noWait);
  }

  /** A last step without an answer may have been taken: another run would not go on, it would begin another rotation. */
  #giveUp(error: unknown): ExitCode {
    const last = this.#last;
    if (last?.step !== 'finish' || !(error instanceof KubeError) || !isTransient(error)) throw error;
    const { access, io } = this.#run;
    const { namespace, name } = last;
    const look = access.printer.kubectl('get', 'jwt', name, '-n', namespace, '-o', 'yaml');
    const message = `${describeApiError(error, access.printer)}; whether the last step was taken is not known: if the JWT no longer has the annotation ${ROTATION} (${look}), it was, and another run would begin another rotation`;
    return printProblems([{ exit: EXIT.outside, message }], io);
  }

  /** Each state once; for scripts only the last. */
  #show(report: RotationReport, isEnd: boolean): void {
    const { options, io } = this.#run;
    const text = JSON.stringify(report);
    if (text !== this.#shown && (options.output === 'human' || isEnd))
      printReport<RotationReport>(io, options.output, report, describeProgress);
    this.#shown = text;
  }

  /** The annotation is gone. */
  #endWith(report: RotationReport): ExitCode {
    if (report.step === 'finish') {
      this.#show(report, true);
      return EXIT.done;
    }
    const message = `JWT ${report.namespace}/${report.name}: somebody else ended this rotation before it was over; another run begins a new one`;
    return printProblems([{ exit: EXIT.refused, message }], this.#run.io);
  }
}
