import type { KeyObject } from 'node:crypto';
import type { Loose } from '../integration/objects.ts';
import type { Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** The Secret of a JWT that is about to be vandalised, and what it takes to make tokens of its key. */
export interface Victim {
  readonly ground: Ground;
  readonly jwt: TrackedJwt;
  readonly key: KeyObject;
}

export const encode = (text: string): string => Buffer.from(text).toString('base64');
export const annotate = ({ jwt }: Victim, annotations: Loose): Promise<void> =>
  jwt.patchSecret({ metadata: { annotations } });

/** How often each is tried. */
export const TRIES = { short: 1, full: 3 };
