import type { X509Certificate } from 'node:crypto';
import { findIssuer } from '../../src/certificates/ca-bundle.ts';

/** An entry of the webhook configurations, with the authorities that it trusts. */
export interface Entry {
  readonly name: string;
  readonly authorities: readonly X509Certificate[];
}

/** A pod of jwt-injector, as far as its certificate matters. */
export interface PlayedPod {
  readonly isRunning: boolean;
  /** The service makes the certificate itself: then the pod mounts no Secret. */
  readonly isSelfIssued: boolean;
  /** The certificate in the Secret now; `undefined` if the Secret is gone or empty. */
  readonly stored: X509Certificate | undefined;
  /** The certificate in the files that the pod has had since its start: it sees a changed Secret only later. */
  readonly mounted: X509Certificate | undefined;
}

/** What a pod does now: it waits in `ContainerCreating`, becomes ready, or is ready already. */
export type PodTurn =
  | { readonly does: 'wait' | 'start' }
  /** `distrustedBy`: the entry that does not trust what the pod serves, or will serve soon. */
  | { readonly does: 'serve'; readonly distrustedBy: string | undefined };

/** Decides what a pod does. With a self-issued certificate it becomes ready only when all entries trust that. */
export function takeTurn(pod: PlayedPod, entries: readonly Entry[]): PodTurn {
  const { isRunning, isSelfIssued, stored, mounted } = pod;
  const distrustedBy = findDistrust(
    [stored, mounted].filter((leaf) => leaf !== undefined),
    entries,
  );
  if (isRunning) return { does: 'serve', distrustedBy };
  const isWaiting = stored === undefined || (isSelfIssued && distrustedBy !== undefined);
  return { does: isWaiting ? 'wait' : 'start' };
}

function findDistrust(leaves: readonly X509Certificate[], entries: readonly Entry[]): string | undefined {
  return entries.find(({ authorities }) => leaves.some((leaf) => findIssuer(leaf, authorities) === undefined))
    ?.name;
}
