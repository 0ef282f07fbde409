import { isTransient, KubeError } from '../../kube/errors.ts';
import type { Jwt } from '../../resources/jwt.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { ROTATION } from '../../resources/names.ts';
import { explainingCommand, kubectl } from '../../resources/shell-words.ts';
import { isNewKeyAlgorithm, type NewKeyAlgorithm } from '../../signing/generate-key.ts';
import { systemClock } from '../../time/clock.ts';
import { toMilliseconds, type Milliseconds, type Seconds } from '../../time/units.ts';
import { describeApiError } from '../cluster/api-errors.ts';
import type { Access } from '../cluster/connect.ts';
import type { Io } from '../io.ts';
import { printReport, type OutputFormat } from '../output/report-output.ts';
import type { FetchOptions } from '../issuer/fetch-document.ts';
import { findService } from '../installation/service-state.ts';
import { whyNotSigned } from '../cluster/why-not-signed.ts';
import { finishRotation, forgetPublished, makeNewKey, notePublished, switchKey } from './actions.ts';
import { describeProgress, reportRotation, type RotationReport } from './describe-rotation.ts';
import { findSharers } from './find-sharers.ts';
import { nextStep, type RotationState, type RotationStep } from './next-step.ts';
import { observeRotation } from './observe-rotation.ts';
import { isWorthAnotherLook } from './outage.ts';
import { writeDocuments } from './write-documents.ts';
import { EXIT, type CommandProblem, type ExitCode } from '../command.ts';

/** What `rotate` was asked. */
export interface RotateOptions {
  readonly name: string;
  /** `undefined`: that of the JWT, if a key can be made for it. */
  readonly algorithm: NewKeyAlgorithm | undefined;
  /** Where the documents of the issuer are written. */
  readonly dir: string | undefined;
  readonly wait: Seconds;
  /** Do what can be done now, and end. */
  readonly noWait: boolean;
  readonly force: boolean;
  /** As the service's flag. */
  readonly legacyKeyNamespace: string | undefined;
  readonly output: OutputFormat;
}

/** At the beginning it can still be decided otherwise; at the end it counts. */
const NAMES_SHARERS: ReadonlySet<RotationStep['do']> = new Set(['make-key', 'keep-old', 'finish']);
/** Between two looks at the issuer, which may be a static site behind a cache. */
const LOOK_AGAIN_MS = 15_000;
/** A running service signs within a second. */
const SIGNS_WITHIN_MS = 60_000;
const POLL_MS = 500;

/** Walks the documented rotation from where it is, one step after the other; each is in the JWT before the next begins. */
export async function walkRotation(
  access: Access,
  options: RotateOptions,
  fetching: FetchOptions,
  io: Io,
): Promise<ExitCode> {
  let shown = '';
  let last: RotationReport | undefined;
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
      await systemClock.sleep(POLL_MS);
    }
  }

  /** Looks, and takes the step that is due; the exit code when that was all. Errors of the API server are thrown. */
  async function goOn(): Promise<ExitCode | undefined> {
    const observed = await observeRotation(access, options.name, { ...fetching, wait: options.wait, force });
    wellAt ??= systemClock.monotonic();
    if (!observed.ok) return refuse(observed.problem);
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
    const report = reportRotation(observed.value, step, { dir: options.dir, sharers });
    last = report;
    const isEnd = step.do === 'keep-old' || step.do === 'finish' || (noWait && isWaiting(step));
    if (step.do !== 'finish') show(report, isEnd);
    if (step.do === 'keep-old') return EXIT.done;
    const done = await take(step, observed.value.state);
    if (!done.ok) return refuse(done.problem);
    if (step.do === 'finish') return endWith(report);
    if (isEnd) return EXIT.refused;
    if (done.value > 0) await systemClock.sleep(done.value);
    return undefined;
  }

  /** A last step without an answer may have been taken: another run would not go on, it would begin another rotation. */
  function giveUp(error: unknown): ExitCode {
    if (last?.step !== 'finish' || !(error instanceof KubeError) || !isTransient(error)) throw error;
    const { namespace, name } = last;
    const look = kubectl('get', 'jwt', name, '-n', namespace, '-o', 'yaml');
    const message = `${describeApiError(error)}; whether the last step was taken is not known: if the JWT no longer has the annotation ${ROTATION} (${look}), it was, and another run would begin another rotation`;
    return refuse({ exit: EXIT.outside, message });
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
    return refuse({ exit: EXIT.refused, message });
  }

  function refuse({ exit, message }: CommandProblem): ExitCode {
    io.stderr.write(`error: ${message}\n`);
    return exit;
  }

  /** Gives how long to wait before the next look. */
  async function take(
    step: RotationStep,
    { jwt, rotation, now }: RotationState,
  ): Promise<Result<Milliseconds, CommandProblem>> {
    const target = { client: access.client, jwt };
    switch (step.do) {
      case 'make-key': {
        const algorithm = chooseAlgorithm(options.algorithm, jwt.spec.ok ? jwt.spec.value.algorithm : '');
        await makeNewKey(target, algorithm, legacyKeyNamespace);
        return ok(0);
      }
      case 'publish': {
        if (rotation?.publishedAt !== undefined) await forgetPublished(target, rotation);
        const written = await writeDocuments(access, options.name, options.dir, io);
        return written.ok ? ok(LOOK_AGAIN_MS) : written;
      }
      case 'note-published':
        if (rotation !== undefined) await notePublished(target, rotation, now);
        return ok(0);
      case 'wait':
        return ok(toMilliseconds(step.until - now));
      case 'switch': {
        // By force nothing was published yet: what verifiers are to fetch is there before a token needs it.
        const written =
          rotation?.publishedAt === undefined
            ? await writeDocuments(access, options.name, options.dir, io)
            : ok(undefined);
        if (!written.ok) return written;
        if (rotation !== undefined) await switchKey(target, rotation, now);
        return ok(0);
      }
      case 'await-signature':
        return awaitSignature(jwt, toMilliseconds(now - (rotation?.switchedAt ?? now)));
      case 'keep-old':
        return ok(0);
      case 'finish':
        await finishRotation(target);
        return ok(0);
      default:
        return step satisfies never;
    }
  }

  async function awaitSignature(
    jwt: Jwt,
    waited: Milliseconds,
  ): Promise<Result<Milliseconds, CommandProblem>> {
    if (waited < SIGNS_WITHIN_MS) return ok(POLL_MS);
    const service = await findService(access.client);
    const refusal = whyNotSigned(jwt);
    const besides = service.runs === false ? `; besides, ${service.words}` : '';
    const words = refusal === undefined ? service.words : `${refusal}${besides}`;
    const where = `${access.namespace}/${options.name}`;
    const message = `JWT ${where} is changed to the new key, and no token is signed with it yet: ${words}; see ${explainingCommand(jwt)}`;
    return fail({ exit: EXIT.outside, message });
  }
}

function isWaiting(step: RotationStep): boolean {
  return step.do === 'publish' || step.do === 'wait';
}

function chooseAlgorithm(wanted: NewKeyAlgorithm | undefined, present: string): NewKeyAlgorithm {
  return wanted ?? (isNewKeyAlgorithm(present) ? present : 'ES256');
}
