import type { Leader } from '../kube/leader.ts';
import type { CurrentTerm } from './current-term.ts';

interface ControllerParts {
  readonly term: CurrentTerm;
  readonly leader: Pick<Leader, 'stop'>;
  /** Ends the parts that remain when no part works or leads any more. */
  readonly endOthers: () => Promise<void>;
}

/**
 * Ends what writes, gives leadership back, then ends the others. Each also if one before fails to end: a standby would wait for
 * a Lease that is not given back. Rejects then.
 */
export async function endController({ term, leader, endOthers }: ControllerParts): Promise<void> {
  await using after = new AsyncDisposableStack(); // in the opposite order
  after.defer(endOthers);
  after.defer(() => term.end());
  after.defer(() => leader.stop());
  await term.stop();
}
