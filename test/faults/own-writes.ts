import type { Loose } from '../integration/objects.ts';
import type { Sighting } from './observer.ts';

/** What the suite itself did to objects that the observer watches: until that was seen, what it sees is of before. */
export class OwnWrites {
  #unseen: readonly ((sighting: Sighting) => boolean)[] = [];

  /** @param object as the API server answered it. */
  noteStored({ metadata: { uid, resourceVersion } }: Loose): void {
    // Later ones count: who lists again after an outage misses some. From 1.35 on Kubernetes says that versions are in order.
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
