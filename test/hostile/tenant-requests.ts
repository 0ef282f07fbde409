import type { Position } from './attack.ts';
import type { Tenant } from './tenant.ts';

/** One kind of request of a tenant, made again and again. */
export interface TenantRequests {
  readonly name: string;
  readonly title: string;
  readonly from: Position;
  readonly count: number;
  readonly fullOnly?: true;
  readonly isRefused?: true;
  /** Once, before. */
  readonly prepare?: (tenant: Tenant) => Promise<unknown>;
  /** Gives the status of the API server's answer. */
  readonly act: (tenant: Tenant, number: number) => Promise<number>;
}
