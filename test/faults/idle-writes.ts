import type { Violation } from './case-file.ts';
import type { Seen } from './proxy.ts';

/**
 * I4, for the writes of one process into a namespace: finds writes that changed nothing. The API server
 * answers such a write with the object's present `resourceVersion`, and the observer sees nothing. Only a
 * version that the same process got before, as the answer to a write, counts: it may not know yet what others
 * wrote. So the first write of a process to an object is never found, not even after a restart or a new
 * leader. Versions in lists and watches would not help: the process can decide to write before it reads them.
 */
export function findIdleWrites(writes: readonly Seen[], namespace: string): readonly Violation[] {
  const known = new Set<string>();
  const found: Violation[] = [];
  for (const { method, path, resourceVersion, isAnswered } of writes) {
    if (resourceVersion === undefined || !path.includes(`/namespaces/${namespace}/`)) continue;
    if (known.has(resourceVersion)) {
      const [, place] = path.split('/namespaces/');
      const what = `${method} ${place}: a write that changed nothing`;
      found.push({ invariant: 'I4', what });
    }
    if (isAnswered) known.add(resourceVersion);
  }
  return found;
}
