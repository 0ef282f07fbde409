import assert from 'node:assert/strict';
import type { Kubectl } from '../controlplane/kubectl.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { ROTATION } from '../../src/resources/names.ts';
import { listKnownKids } from './key-cache.ts';
import { ISSUER } from './names.ts';
import type { Xrootd } from './xrootd.ts';

const REFRESHED_WITHIN_MS = 60_000;

/** The output of `rotate -o json`, and its exit code. */
export interface Rotated {
  readonly code: number;
  readonly report: {
    readonly step: string;
    readonly newKeyId: string;
    readonly oldKeyId: string;
  };
}

interface Means {
  readonly namespace: string;
  readonly name: string;
  /** Runs `jwt-injector rotate NAME -o json` with more flags. */
  readonly rotate: (...flags: readonly string[]) => Promise<Rotated>;
  readonly kubectl: Kubectl;
  readonly storage: Pick<Xrootd, 'keyCache'>;
}

/**
 * A rotation by a user who runs the command again and again. Its wait of 15 minutes is shortened: when XRootD
 * has fetched the new key by itself, at the time when it was due, the record in the JWT is set back as if
 * they had passed.
 */
export async function rotateQuickly(means: Means): Promise<Rotated> {
  const { namespace, name, rotate, kubectl, storage } = means;
  const first = await rotate('--no-wait');
  assert.deepEqual([first.code, first.report.step], [1, 'publish']);
  assert.equal((await rotate('--no-wait')).report.step, 'wait');
  await waitUntil('XRootD to fetch the keys again', REFRESHED_WITHIN_MS, () =>
    listKnownKids(storage, ISSUER).includes(first.report.newKeyId),
  );
  const shown = await kubectl(['get', 'jwt', name, '-n', namespace, '-o', 'json']);
  const record = JSON.parse(JSON.parse(shown.stdout).metadata.annotations[ROTATION]);
  record.publishedAt = new Date(Date.now() - 16 * 60_000).toISOString();
  const annotation = `${ROTATION}=${JSON.stringify(record)}`;
  await kubectl(['annotate', 'jwt', name, '-n', namespace, '--overwrite', annotation]);
  return rotate('--no-wait');
}
