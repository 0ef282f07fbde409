import type { Jwt } from '../resources/jwt.ts';
import { WriteBudget } from './write-budget.ts';
import { ProvedVersions } from './proved-versions.ts';
import { PendingStatuses } from './pending-statuses.ts';

/**
 * What a process knows of JWTs that their statuses do not say. It outlasts the terms of a leader: one that lost the lease
 * between Secret and status, and leads again, finds the token that it signed, and does not sign another one; and nobody who
 * keeps changing a Secret gets more writes of it by a new term.
 */
export class Memory {
  readonly budget = new WriteBudget();
  readonly pending = new PendingStatuses();
  readonly proved = new ProvedVersions();

  /** The JWT with what its status is still to say; `tokenId` is that of the token in its Secret. */
  recall(jwt: Jwt, tokenId: unknown): Jwt {
    return this.proved.recall(this.pending.recall(jwt, tokenId));
  }

  /** Is called with every change of a JWT, whoever leads: what is gone, or was created again, is forgotten. */
  jwtChanged(before: Jwt | undefined, after: Jwt | undefined): void {
    if (before === undefined || before.uid === after?.uid) return;
    this.budget.forget(before.uid);
    this.pending.forget(before.uid);
    this.proved.forget(before.uid);
  }
}
