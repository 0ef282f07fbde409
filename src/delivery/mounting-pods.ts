import { namespaceOfKey, objectKey } from '../resources/object-key.ts';

interface KeptMounts {
  /** `PARTLY`: some of the pod's mounts are left out. */
  readonly resourceVersion: string;
  /** The Secrets as `namespace/name`; they are in the pod's namespace. */
  readonly secrets: readonly string[];
}

/**
 * Mounts that are kept, each a pod with one of its Secrets: of 100,000 pods with a token each they take 54 MB
 * (test/delivery/mounting-pods.test.ts). The pods of further ones wait for the kubelet, as all do without prompt delivery.
 */
const MAX_MOUNTS = 100_000;
/** The version of no state, so that the next list or event brings the whole pod. */
const PARTLY = '';
const UNMOUNTED: ReadonlySet<string> = new Set();

/**
 * The pods that mount a Secret. A list-watch of pods keeps it, with `readMountedSecrets` of each as its value: of a pod nothing
 * else stays in memory.
 */
export class MountingPods {
  readonly #entries = new Map<string, KeptMounts>();
  readonly #pods = new Map<string, Set<string>>();
  readonly #most: number;
  #mounts = 0;

  constructor(most = MAX_MOUNTS) {
    this.#most = most;
  }

  /** The pods, as `namespace/name`, of a Secret of that namespace. */
  of(namespace: string, secret: string): ReadonlySet<string> {
    return this.#pods.get(objectKey({ namespace, name: secret })) ?? UNMOUNTED;
  }

  /** Mounts in memory. */
  get size(): number {
    return this.#mounts;
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  resourceVersion(pod: string): string | undefined {
    return this.#entries.get(pod)?.resourceVersion;
  }

  /** `secrets` by their names. Those for which there is no room are left out. */
  set(pod: string, resourceVersion: string, secrets: readonly string[]): void {
    this.#remove(pod);
    const namespace = namespaceOfKey(pod);
    const kept = secrets.slice(0, this.#most - this.#mounts).map((name) => objectKey({ namespace, name }));
    if (kept.length === 0) return;
    for (const secret of kept) {
      const pods = this.#pods.get(secret);
      if (pods === undefined) this.#pods.set(secret, new Set([pod]));
      else pods.add(pod);
    }
    this.#mounts += kept.length;
    const isWhole = kept.length === secrets.length;
    this.#entries.set(pod, { resourceVersion: isWhole ? resourceVersion : PARTLY, secrets: kept });
  }

  delete(pod: string): void {
    this.#remove(pod);
  }

  #remove(pod: string): void {
    const { secrets = [] } = this.#entries.get(pod) ?? {};
    for (const secret of secrets) {
      const pods = this.#pods.get(secret);
      pods?.delete(pod);
      if (pods?.size === 0) this.#pods.delete(secret);
    }
    this.#mounts -= secrets.length;
    this.#entries.delete(pod);
  }
}
