import { CRASHES } from './crashes.ts';
import { DELETIONS } from './deletions.ts';
import type { Fault } from './fault.ts';
import { KEYS } from './keys.ts';
import { LEADERSHIP } from './leadership.ts';
import { OUTAGES } from './outages.ts';
import { STALLS } from './stalls.ts';
import { CRD_REINSTALLED, SURROUNDINGS } from './surroundings.ts';
import { CONTENTION } from './peers.ts';
import { REPORTED_PROBLEMS } from './reported-problems.ts';
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
  ...LEADERSHIP,
  ...STALLS,
  ...OUTAGES,
  ...WATCHES,
  ...SURROUNDINGS,
  CRD_REINSTALLED,
];
