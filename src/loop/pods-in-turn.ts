/** The name of a pod. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** How many pods may wait. */
export interface Room {
  readonly most: number;
  /** The most pods of one namespace, so that others have room. */
  readonly mostOfNamespace: number;
}

/** Pods that wait, each once, the namespaces in turn. */
export class PodsInTurn<Pod extends PodName> {
  readonly #room: Room;
  /** The pods by namespace, the one whose turn it is first; then by the pod's name. */
  readonly #waiting = new Map<string, Map<string, Pod>>();
  #size = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  get size(): number {
    return this.#size;
  }

  /** The pods of a namespace that wait, the first first. */
  of(namespace: string): Iterable<Pod> {
    return this.#waiting.get(namespace)?.values() ?? [];
  }

  /** False if there is no room. A pod that waits already stays as it was. */
  add(pod: Pod): boolean {
    const { namespace, name } = pod;
    const pods = this.#waiting.get(namespace) ?? new Map<string, Pod>();
    if (pods.has(name)) return true;
    if (this.#size >= this.#room.most || pods.size >= this.#room.mostOfNamespace) return false;
    pods.set(name, pod);
    this.#waiting.set(namespace, pods);
    this.#size += 1;
    return true;
  }

  /** Takes out the first pod of the namespace whose turn it is. */
  take(): Pod | undefined {
    const [pods] = this.#waiting.values();
    const [pod] = pods?.values() ?? [];
    if (pods === undefined || pod === undefined) return undefined;
    this.#waiting.delete(pod.namespace);
    pods.delete(pod.name);
    this.#size -= 1;
    if (pods.size > 0) this.#waiting.set(pod.namespace, pods);
    return pod;
  }
}
