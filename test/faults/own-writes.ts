import type { Loose } from '../integration/objects.ts';
import type { Sighting } from './observer.ts';

/**
 * The suite's own changes of objects that the observer watches. Until the observer has seen them, its objects
 * are of an earlier state.
 */
export class OwnWrites {
  #unseen: readonly ((sighting: Sighting) => boolean)[] = [];

  /** @param object as the API server answered it. */
  noteStored({ metadata: { uid, resourceVersion } }: Loose): void {
    // A later version is enough: a client that lists again after an outage misses some. From 1.35 on
    // Kubernetes documents that versions are ordered.
    this.#add(
      (sighting) => sighting.uid === uid && Number(sighting.resourceVersion) >= Number(resourceVersion),
    );
  }

  noteRemoved(uid: string): void {
    this.#add((sighting) => sighting.uid === uid && sighting.isGone);
  }

  areSeen(sightings: readonly Sighting[]): boolean {
    this.#unseen = this.#unseen.filter((fits) => !sightings.some(fits));
    return this.#unseen.length === 0;
  }

  #add(fits: (sighting: Sighting) => boolean): void {
    this.#unseen = [...this.#unseen, fits];
  }
}
