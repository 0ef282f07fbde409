import type { KeyObject } from 'node:crypto';
import type { Loose } from '../integration/objects.ts';
import type { Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** The victim: the Secret of a JWT that a fault changes, with the key to make tokens for it. */
export interface Victim {
  readonly ground: Ground;
  readonly jwt: TrackedJwt;
  readonly key: KeyObject;
}

export const encode = (text: string): string => Buffer.from(text).toString('base64');
export const annotate = ({ jwt }: Victim, annotations: Loose): Promise<void> =>
  jwt.patchSecret({ metadata: { annotations } });

/** How often each fault runs. */
export const TRIES = { short: 1, full: 3 };
