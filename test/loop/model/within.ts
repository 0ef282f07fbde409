/** The states that were valid at some time since `from`, including the one that ended then. */
export function within<T extends { readonly since: number }>(
  states: readonly T[],
  from: number,
): readonly T[] {
  const first = states.findLastIndex(({ since }) => since < from);
  return states.slice(Math.max(0, first));
}
