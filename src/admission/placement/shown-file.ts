import type { MountShape } from '../pod-shape.ts';

/** The file of a token, and the mount by which a container sees it. */
export interface ShownFile {
  readonly mount: MountShape;
  readonly file: string;
}
