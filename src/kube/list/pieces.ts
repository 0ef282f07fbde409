/** The JSON of one object as it was cut out of an answer; of one that is too long only its first bytes. */
export interface Piece {
  readonly text: string;
  readonly isWhole: boolean;
}

/**
 * Bytes of JSON. etcd takes 1.5 MiB per object by default, and an object of that size is seldom longer as JSON; base64
 * and escapes bring the largest ones that serve a purpose (1 MiB of data, 256 KiB of annotations) to 3 MiB. Anyone who may
 * write a single object could have one that is six times as long as in etcd.
 */
export const MAX_OBJECT_BYTES = 4 * 1024 * 1024;

/** How many bytes of a longer object show which one it is. */
export const HEAD_BYTES = 2_048;
