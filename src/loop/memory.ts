import type { Jwt } from '../resources/jwt.ts';
import { Conflicts } from './conflicts.ts';
import { WriteBudget } from './write-budget.ts';
import { ProvedVersions } from './proved-versions.ts';
import { PendingStatuses } from './pending-statuses.ts';

/**
 * The knowledge of a process about JWTs that is not in their statuses. It is kept from one term of leadership to the next: a
 * replica that lost the Lease between writing Secret and status, and leads again, recognises the token that it signed and does
 * not sign another one; and a new term gives no new budget of writes to a Secret that somebody keeps changing.
 */
export class Memory {
  readonly budget = new WriteBudget();
  readonly conflicts = new Conflicts();
  readonly pending = new PendingStatuses();
  readonly proved = new ProvedVersions();

  /** The JWT with what its status is still to say; `tokenId` is that of the token in its Secret. */
  withUnwritten(jwt: Jwt, tokenId: unknown): Jwt {
    return this.proved.recall(this.pending.recall(jwt, tokenId));
  }

  /** Whether it is open how the last write ended: its token may have arrived, or the JWT is to be read first. */
  isUnsettled(uid: string): boolean {
    return this.pending.has(uid) || this.conflicts.mustRead(uid, 'jwt');
  }

  /**
   * Must be called with every change of a JWT, also while another replica leads: forgets JWTs that were deleted or re-created.
   */
  jwtChanged(before: Jwt | undefined, after: Jwt | undefined): void {
    if (before === undefined || before.uid === after?.uid) return;
    this.budget.forget(before.uid);
    this.conflicts.forget(before.uid);
    this.pending.forget(before.uid);
    this.proved.forget(before.uid);
  }
}
