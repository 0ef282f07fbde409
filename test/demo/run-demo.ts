import { styleText } from 'node:util';
import { formatTime } from '../controlplane/build-progress.ts';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import type { Stage } from '../controlplane/stage.ts';
import { openObjects } from '../integration/objects.ts';
import { findPrograms, setStage } from './boot.ts';
import { catchSignal } from './catch-signal.ts';
import type { Step } from './demo.ts';
import { injectStep, plainPodStep } from './injection-steps.ts';
import { overviewStep, renewStep } from './renewal-steps.ts';
import type { Screen } from './screen.ts';
import { stay } from './stay.ts';
import { StepFailure } from './step-failure.ts';
import { decodeStep, signStep } from './token-steps.ts';

const BOOT_TITLES = ['Kubernetes’ own programs', 'A real control plane, with jwt-injector on it'];
const STEPS: readonly Step[] = [signStep, decodeStep, injectStep, plainPodStep, renewStep, overviewStep];
const TITLES = [...BOOT_TITLES, ...STEPS.map(({ title }) => title)];
const LOG_TAIL = 8;

/**
 * Runs all steps and gives the exit code: 0 if all succeeded, 1 if one failed. Leaves no process running,
 * whatever happens. Throws a ControlPlaneError if the control plane cannot be started. A signal before the
 * last step ends the process here.
 */
export async function runDemo(screen: Screen, { once }: { readonly once: boolean }): Promise<number> {
  const signal = catchSignal();
  const started = performance.now();
  let stage: Stage | undefined;
  let playing = 0;
  const begin = (): void => {
    playing += 1;
    screen.step(playing, TITLES.length, TITLES[playing - 1] ?? '');
  };
  const playAll = async (): Promise<undefined> => {
    begin();
    await findPrograms(screen);
    begin();
    stage = await setStage(screen);
    await playSteps(screen, stage, begin);
  };
  try {
    const interrupted = await Promise.race([signal, playAll()]);
    screen.settle();
    if (interrupted !== undefined) {
      screen.say(
        `\n${interrupted.name === 'SIGINT' ? 'Interrupted' : interrupted.name}: stopping everything.`,
      );
      await stage?.stop();
      process.exit(interrupted.exitCode); // a component that is still starting has no handle: its reaper kills it when this process ends
    }
    const time = formatTime(performance.now() - started);
    screen.say(styleText(['green', 'bold'], `\n✓ All ${TITLES.length} steps held, in ${time}.`));
    if (once || stage === undefined) return 0;
    const wasAsked = await stay(screen, stage, signal);
    if (wasAsked) screen.say('\nStopping everything.');
    else console.error(`\nerror: jwt-injector has ended by itself; its log ends with:\n${tailOf(stage)}`);
    return wasAsked ? 0 : 1;
  } catch (error) {
    screen.settle();
    if (error instanceof ControlPlaneError && stage === undefined) throw error;
    console.error(describeFailure(playing, error, stage));
    return 1;
  } finally {
    await stage?.stop();
  }
}

async function playSteps(screen: Screen, stage: Stage, begin: () => void): Promise<undefined> {
  const objects = openObjects(stage.cluster);
  for (const step of STEPS) {
    begin();
    await step.play({ screen, stage, objects });
  }
}

function describeFailure(step: number, error: unknown, stage: Stage | undefined): string {
  const { expected, found } =
    error instanceof StepFailure
      ? error
      : { expected: 'the step to go through', found: error instanceof Error ? error.message : String(error) };
  const title = `✗ Step ${step}/${TITLES.length} failed: ${TITLES[step - 1]}`;
  return [
    `\n${styleText(['red', 'bold'], title, { stream: process.stderr })}`,
    `   expected: ${expected}`,
    `   found:    ${found}`,
    ...(stage === undefined ? [] : [`   jwt-injector’s log ends with:\n${tailOf(stage)}`]),
  ].join('\n');
}

function tailOf(stage: Stage): string {
  const lines = stage.service().output().trimEnd().split('\n').slice(-LOG_TAIL);
  return lines.map((line) => `     ${line}`).join('\n');
}
