import { CRASHES } from './crashes.ts';
import { DELETIONS } from './deletions.ts';
import type { Fault } from './fault.ts';
import { KEYS } from './keys.ts';
import { LEADER_CHANGES } from './leader-changes.ts';
import { LOST_LEASES } from './lost-leases.ts';
import { OUTAGES } from './outages.ts';
import { STALLS } from './stalls.ts';
import { CRD_REINSTALLED, SURROUNDINGS } from './surroundings.ts';
import { CONTENTION } from './peers.ts';
import { REPORTED_PROBLEMS } from './reported-problems.ts';
import { TWO_LEADERS } from './two-leaders.ts';
import { VANDALISM } from './vandalism.ts';
import { WATCHES } from './watches.ts';

/** All faults, in the order of the table. */
export const FAULTS: readonly Fault[] = [
  ...VANDALISM,
  ...REPORTED_PROBLEMS,
  ...CONTENTION,
  ...KEYS,
  ...DELETIONS,
  ...CRASHES,
  ...LEADER_CHANGES,
  ...LOST_LEASES,
  ...TWO_LEADERS,
  ...STALLS,
  ...OUTAGES,
  ...WATCHES,
  ...SURROUNDINGS,
  CRD_REINSTALLED,
];
