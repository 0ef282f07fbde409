import type { Position } from './attack.ts';
import type { Answer, Tenant } from './tenant.ts';

/** One kind of request of a tenant, made again and again. */
export interface TenantRequests {
  readonly name: string;
  readonly title: string;
  readonly from: Position;
  readonly count: number;
  readonly fullOnly?: true;
  readonly isRefused?: true;
  /** Answers that show that it got to what is attacked; one of them has to come. By default that it was stored. */
  readonly reaches?: readonly Answer[];
  /** Once, before; rejects if something is missing then. */
  readonly prepare?: (tenant: Tenant) => Promise<unknown>;
  readonly act: (tenant: Tenant, number: number) => Promise<Answer>;
}
