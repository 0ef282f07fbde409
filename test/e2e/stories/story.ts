import type { TwoNodeCluster } from '../cluster/two-node-cluster.ts';

/** The scene of a story: the cluster with the product installed. */
export interface Scene {
  readonly cluster: TwoNodeCluster;
  /** True for the form that CI runs. */
  readonly short: boolean;
  /** Prints one line for people who watch, with the time so far. */
  readonly log: (line: string) => void;
  /** Adds a row to a table that is printed at the end. */
  readonly report: (table: string, row: Readonly<Record<string, string>>) => void;
}

/** A story: something that users or admins experience. It throws if the product behaves differently. */
export interface Story {
  readonly name: string;
  readonly play: (scene: Scene) => Promise<void>;
}
