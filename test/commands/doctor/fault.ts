import type { InstallationSnapshot } from '../../../src/commands/doctor/installation-snapshot.ts';
import type { Wire } from './well-installation.ts';

export const NOW = Date.now();

/** Changes the objects of a snapshot, which belongs to the test, or gives other parts of it. */
export type Change = (
  well: InstallationSnapshot,
) => Partial<InstallationSnapshot> | Promise<Partial<InstallationSnapshot>> | undefined;
/** A fault: its name, the change that causes it, and what the checks report. */
export type Fault = readonly [title: string, change: Change, check: string, says: RegExp];

/** An object in a snapshot, to be changed. */
export const wire = (looked: unknown): Wire => (looked as { value: Wire }).value;
/** An entry of the mutating configuration. */
export const entry = (snapshot: InstallationSnapshot, index = 0): Wire =>
  wire(snapshot.mutating).webhooks[index];
