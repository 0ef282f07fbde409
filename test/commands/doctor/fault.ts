import type { InstallationSnapshot } from '../../../src/commands/doctor/installation-snapshot.ts';
import type { Wire } from './well-installation.ts';

export const NOW = Date.now();

/** Changes the objects of a snapshot, which is the test's own, or gives other parts of it. */
export type Change = (
  well: InstallationSnapshot,
) => Partial<InstallationSnapshot> | Promise<Partial<InstallationSnapshot>> | undefined;
/** What is wrong, how it comes about, and which check says what about it. */
export type Fault = readonly [title: string, change: Change, check: string, says: RegExp];

/** The object in a snapshot. */
export const wire = (looked: unknown): Wire => (looked as { value: Wire }).value;
/** An entry of the mutating configuration. */
export const entry = (snapshot: InstallationSnapshot, index = 0): Wire =>
  wire(snapshot.mutating).webhooks[index];
