/** Milliseconds since the epoch as Kubernetes' MicroTime: six digits, or the API server refuses it. */
export function formatMicroTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
