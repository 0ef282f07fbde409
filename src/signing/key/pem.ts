/** One PEM block (RFC 7468), its base64 without white space. `encrypted`: a line of it says so (RFC 1421 §4.6.1.1). */
export interface PemBlock {
  readonly label: string;
  readonly base64: string;
  readonly encrypted: boolean;
}

/** Why a text holds no block: none begins in it, or one begins and never ends; a private key before all others. */
type NoPemBlock = { readonly cutOff: string | undefined };

/** Labels are short (the longest of RFC 7468 has 21 characters): a bound keeps the search linear. */
const MARKER = /-----(BEGIN|END) ([A-Z0-9 ]{1,40})-----/g;

/**
 * The first private-key block, or else the first block, wherever the lines break and however they are indented: YAML
 * block scalars and copied web pages do both. Blocks before it (EC PARAMETERS) are left out. One pass over the text:
 * a block is a BEGIN whose END is the next marker. Beside a private key that never ends no block but another private key
 * counts: the key is what was meant.
 */
export function findPemBlock(text: string): PemBlock | NoPemBlock {
  let first: PemBlock | undefined;
  let cutOffKey: string | undefined;
  let begun: { readonly label: string; readonly from: number } | undefined;
  for (const { 0: marker, 1: kind, 2: label = '', index } of text.matchAll(MARKER)) {
    if (kind === 'BEGIN') {
      begun = { label, from: index + marker.length };
      if (isPrivate(label)) cutOffKey ??= label;
      continue;
    }
    if (begun?.label === label) {
      const block = readBlock(label, text.slice(begun.from, index));
      if (isPrivate(label)) return block;
      first ??= block;
    }
    begun = undefined;
  }
  if (cutOffKey !== undefined) return { cutOff: cutOffKey };
  return first ?? { cutOff: begun?.label };
}

function isPrivate(label: string): boolean {
  return label.endsWith('PRIVATE KEY');
}

function readBlock(label: string, body: string): PemBlock {
  const encrypted = body.includes('ENCRYPTED');
  return { label, encrypted, base64: body.replaceAll(/\s/g, '') };
}
