export function startNamespaceDefaults(_: unknown) {
  return { lookUp: async () => ({ ok: true, value: undefined }) as const, isSynced: () => true, stop: async () => {} };
}
