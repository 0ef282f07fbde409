import type { Position } from './attack.ts';
import type { Answer, Tenant } from './tenant.ts';

/** One kind of request of a tenant, sent again and again. */
export interface TenantRequests {
  readonly name: string;
  readonly title: string;
  readonly from: Position;
  readonly count: number;
  readonly fullOnly?: true;
  readonly isRefused?: true;
  /**
   * Answers that show that it got to the code that is attacked; at least one must come. By default: that the
   * object was stored.
   */
  readonly reaches?: readonly Answer[];
  /** Called once, first; rejects if it could not prepare everything. */
  readonly prepare?: (tenant: Tenant) => Promise<unknown>;
  readonly act: (tenant: Tenant, number: number) => Promise<Answer>;
}
