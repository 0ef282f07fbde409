import { jsonBytes, stringMember, type StringMap } from './json.ts';
import { RENEW } from './names.ts';

/**
 * The most entries that are kept of a map that Kubernetes itself does not bound: there may be many JWTs. A small entry costs
 * twenty times as much memory as text.
 */
const MAX_ENTRIES = 256;
/** As JSON: of labels, of finalizers, and of what the template adds. Twenty long ones take 2 KiB. */
export const MAX_ENTRIES_BYTES = 8 * 1024;
const MAX_RENEW = 1_024; // bytes that count of a request for a new token: a time, a name

/**
 * The labels of a JWT that are kept, and so copied to its Secret: the first ones that do not exceed the limits. The token is
 * signed, however many there are.
 */
export function keepLabels(labels: StringMap): StringMap {
  const entries = Object.entries(labels);
  if (entries.length <= MAX_ENTRIES && jsonBytes(labels) <= MAX_ENTRIES_BYTES) return labels;
  const kept: [string, string][] = [];
  let bytes = 1; // of the braces and commas each entry takes one, and one is left over
  for (const [name, value] of entries.slice(0, MAX_ENTRIES)) {
    bytes += jsonBytes({ [name]: value }) - 1;
    if (bytes > MAX_ENTRIES_BYTES) break;
    kept.push([name, value]);
  }
  return Object.fromEntries(kept);
}

/**
 * The finalizers of a JWT; none when they exceed the limits. A part of them is never kept: the list is written back without those
 * of token-manager.
 */
export function keepFinalizers(finalizers: readonly string[]): readonly string[] {
  return finalizers.length <= MAX_ENTRIES && jsonBytes(finalizers) <= MAX_ENTRIES_BYTES ? finalizers : [];
}

/** Keeps the request for a new token of a JWT's annotations: the values of others may be 256 KiB, or a private key. */
export function keepAnnotations(annotations: unknown): StringMap {
  const renew = stringMember(annotations, RENEW);
  // Through bytes: the beginning of a long text would keep the whole of it in memory.
  return renew === undefined ? {} : { [RENEW]: Buffer.from(renew).toString('utf8', 0, MAX_RENEW) };
}
