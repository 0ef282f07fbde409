import { allowedStatuses } from './allowed-statuses.ts';
import type { Arena } from './arena.ts';
import type { Violation } from './case-file.ts';
import type { Fault, FaultResult } from './fault.ts';
import { ONE_MINUTE, openGround, type Ground, type OpenGround } from './ground.ts';
import { startReviewWitness } from './review-witness.ts';

/** Number of local faults at the same time: enough to save time, few enough for two cores. */
const AT_ONCE = 6;

interface Attempt {
  readonly violations: readonly Violation[];
  readonly recoveries: readonly number[];
  readonly notes: readonly string[];
}

/**
 * The longest fault takes a few minutes. One that waits forever must not hide the results of all others:
 * the table is printed at the end.
 */
const ENDS_WITHIN_MS = 600_000;

export interface PlayOptions {
  readonly short: boolean;
  readonly onResult: (result: FaultResult) => void;
  /** The time for one run of a fault; default: ten minutes. */
  readonly endsWithinMs?: number;
}

/**
 * Runs all faults: first, one by one, those that harm more than their namespace, then the local ones, several
 * at a time. Both witnesses exist during all of them.
 */
export async function playAll(faults: readonly Fault[], arena: Arena, options: PlayOptions): Promise<void> {
  const { short, onResult, endsWithinMs = ENDS_WITHIN_MS } = options;
  let grounds = 0;
  const attempt = async (fault: Fault): Promise<Attempt> => {
    grounds += 1;
    return attemptOnce(fault, arena, { namespace: `fault-${grounds}`, short, endsWithinMs });
  };
  const playFault = async (fault: Fault): Promise<void> => {
    const attempts: Attempt[] = [];
    const startedAt = performance.now();
    const tries = triesOf(fault, short);
    playing.add(fault.name);
    for (let played = 0; played < tries; played += 1) attempts.push(await attempt(fault));
    playing.delete(fault.name);
    onResult(summarise(fault, attempts, (performance.now() - startedAt) / 1000));
  };
  const playing = new Set<string>();
  const witness = await callWitness(arena, short);
  const reviews = callReviewWitness(arena, () => [...playing]);
  try {
    await playInOrder(faults, playFault);
  } catch (error) {
    await Promise.allSettled([reviews(), witness()]); // they would go on without a stage
    throw error;
  }
  onResult(await reviews());
  onResult(await witness());
}

async function playInOrder(
  faults: readonly Fault[],
  playFault: (fault: Fault) => Promise<void>,
): Promise<void> {
  const isAlone = ({ isLocal, isLast }: Fault): boolean => !isLocal && isLast !== true;
  for (const fault of faults.filter(isAlone)) await playFault(fault);
  // By now the garbage collector knows the new kind of object, which takes half a minute after the creation
  // of the CRD.
  const local = faults.filter(({ isLocal }) => isLocal).values();
  const work = async (): Promise<void> => {
    for (const fault of local) await playFault(fault);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const fault of faults.filter(({ isLast }) => isLast === true)) await playFault(fault);
}

/** One run. Every error is a violation: a recovery was too late. */
async function attemptOnce(
  fault: Fault,
  arena: Arena,
  {
    namespace,
    short,
    endsWithinMs,
  }: { readonly namespace: string; readonly short: boolean; readonly endsWithinMs: number },
): Promise<Attempt> {
  let ground: OpenGround | undefined;
  try {
    ground = await openGround(arena, namespace, short, allowedStatuses(fault.name));
    await play(fault, ground, endsWithinMs);
    await ground.readMetrics();
    const ending = ground;
    if (!fault.isLocal) await arena.settle().catch((error) => ending.fail('recovery', messageOf(error)));
    await ground.close();
    return ground;
  } catch (error) {
    const failure = {
      invariant: 'recovery',
      what: `the arena could not be put in order: ${String(error)}`,
    } as const;
    return {
      violations: [...(ground?.violations ?? []), failure],
      recoveries: ground?.recoveries ?? [],
      notes: ground?.notes ?? [],
    };
  }
}

async function play(fault: Fault, ground: Ground, endsWithinMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new Error(`it had not ended after ${endsWithinMs / 1_000} s; what follows may be its doing`),
      ),
    endsWithinMs,
  );
  try {
    await Promise.race([fault.play(ground), late.promise]);
  } catch (error) {
    ground.fail('recovery', messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Creates the witness: a JWT with a token of one minute that exists during all faults. The returned function
 * judges it.
 */
async function callWitness(arena: Arena, short: boolean): Promise<() => Promise<FaultResult>> {
  const startedAt = performance.now();
  // Nobody can say which fault caused which write of the Secret or the status.
  const ground = await openGround(arena, 'witness', short, Number.POSITIVE_INFINITY);
  const witness = await ground.sign('witness', { spec: ONE_MINUTE, isShared: true });
  witness.addCauses(Number.POSITIVE_INFINITY);
  return async () => {
    ground.note(`${witness.countTokens()} tokens`);
    await ground.close();
    const fault = { name: 'witness', title: 'a token of one minute, during all faults' };
    return summarise(fault, [ground], (performance.now() - startedAt) / 1000);
  };
}

/** New pods are reviewed during all faults. The returned function gives the judgement. */
function callReviewWitness(arena: Arena, playing: () => readonly string[]): () => Promise<FaultResult> {
  const startedAt = performance.now();
  const dismiss = startReviewWitness({
    main: () => arena.main(),
    send: (review, signal) => arena.sendReview(review, signal),
    playing,
  });
  return async () => {
    const { violations, asked, longestMs } = await dismiss();
    const notes = [`${asked} reviews, the longest ${Math.ceil(longestMs)} ms`];
    const fault = { name: 'reviews', title: 'the review of a new pod each half second, during all faults' };
    const seconds = (performance.now() - startedAt) / 1000;
    return summarise(fault, [{ violations, recoveries: [], notes }], seconds);
  };
}

/** How often a fault runs; one that was named on the command line runs at least once. */
function triesOf({ tries }: Fault, short: boolean): number {
  return Math.max(1, short ? tries.short : tries.full);
}

function summarise(
  { name, title }: Pick<Fault, 'name' | 'title'>,
  attempts: readonly Attempt[],
  seconds: number,
): FaultResult {
  return {
    name,
    title,
    tries: attempts.length,
    seconds: Math.round(seconds * 10) / 10,
    violations: attempts.flatMap(({ violations }) => violations),
    recoveries: attempts.flatMap(({ recoveries }) => recoveries),
    notes: [...new Set(attempts.flatMap(({ notes }) => notes))],
  };
}
