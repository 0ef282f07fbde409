/** An element of DER (ITU-T X.690 §8.1): tag, length, content. */
export function tlv(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const length = bytes.length < 128 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}

/** Positive: otherwise the first bit would be the sign. */
export function toInteger(bytes: Buffer): Buffer {
  return tlv(0x02, Buffer.alloc((bytes[0] ?? 0) >> 7), bytes);
}
