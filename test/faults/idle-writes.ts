import type { Violation } from './case-file.ts';
import type { Seen } from './proxy.ts';

/**
 * I4, of the writes of one process into a namespace: what changed nothing. The API server answers such a write with the
 * `resourceVersion` that the object had already, and the observer sees nothing. Only a version that the process got as an answer
 * before counts: of what others wrote it may not know yet.
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
