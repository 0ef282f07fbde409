import type { X509Certificate } from 'node:crypto';
import { DAY_MS, HOUR_MS, type Milliseconds } from '../time/units.ts';

/** Certificates begin so long before they are made, since clocks differ. */
export const BACKDATE_MS = HOUR_MS;
/** The key is in the Secret, so a stolen one is of use for a month at the longest, not for the authority's year. */
export const LEAF_LIFETIME_MS = 30 * DAY_MS;
/** The lifetime of a CA. Half of it is room for a rotation that fails for months. */
export const AUTHORITY_LIFETIME_MS = 365 * DAY_MS;
/**
 * An authority that signs no more is trusted until the one after it is this old. A replica needs seconds to serve with the
 * new certificate; a day is for one that could not reach the API server.
 */
export const RETIRED_AFTER_MS = DAY_MS;
/**
 * How long all bundles must hold an authority before one of its certificates takes the place of one that works: each API
 * server of the cluster learns of a changed configuration by its own watch.
 */
export const SETTLING_MS = 30_000;

/** When it is to be renewed: at half of its life. What fails then can be corrected in the other half. */
export function certificateRenewalTime({ validFromDate, validToDate }: X509Certificate): Milliseconds {
  return (validFromDate.getTime() + validToDate.getTime()) / 2;
}
