import type { Attack } from './attack.ts';
import { BODY_ATTACKS } from './body-attacks.ts';
import { CROWD_ATTACKS } from './crowd-attacks.ts';
import { PORT_ATTACKS } from './port-attacks.ts';
import { TENANT_ATTACKS } from './tenant-attacks.ts';

/** All attacks, in the order in which they run. */
export const ATTACKS: readonly Attack[] = [
  ...PORT_ATTACKS,
  ...CROWD_ATTACKS,
  ...BODY_ATTACKS,
  ...TENANT_ATTACKS,
];
