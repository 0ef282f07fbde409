import type { TwoNodeCluster } from '../cluster/two-node-cluster.ts';

/** What a story is played in: the cluster with the product installed. */
export interface Scene {
  readonly cluster: TwoNodeCluster;
  /** True for the form that CI runs. */
  readonly short: boolean;
  /** One line for people who watch, with the time that has passed. */
  readonly log: (line: string) => void;
  /** Adds a row to a table that is printed at the end. */
  readonly report: (table: string, row: Readonly<Record<string, string>>) => void;
}

/** Something that users or admins live through. It throws when what it shows does not hold. */
export interface Story {
  readonly name: string;
  readonly play: (scene: Scene) => Promise<void>;
}
