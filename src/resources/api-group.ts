/** The group in an `apiVersion`, which is `group/version`; `''`: the version alone, as the core group has it. */
export function groupOfApiVersion(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
}
