import { inflateSync } from 'node:zlib';

/** The pixels of a screenshot. Rows of RGB, 0 to 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel. */
  at(x: number, y: number): readonly [number, number, number];
}

/** Reads a PNG as Chromium writes them: 8 bits, RGB or RGBA, not interlaced (PNG specification, §9 for the filters). */
export function readPng(file: Buffer): Picture {
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const channels = { 2: 3, 6: 4 }[file.readUInt8(25)];
  if (file.readUInt8(24) !== 8 || channels === undefined) throw new Error('a PNG of another form');
  const data: Buffer[] = [];
  for (let place = 8; place < file.length;) {
    const length = file.readUInt32BE(place);
    if (file.toString('latin1', place + 4, place + 8) === 'IDAT')
      data.push(file.subarray(place + 8, place + 8 + length));
    place += length + 12;
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = raw.readUInt8(row * (stride + 1));
    for (let index = 0; index < stride; index += 1) {
      const left = index < channels ? 0 : (pixels[row * stride + index - channels] ?? 0);
      const up = row === 0 ? 0 : (pixels[(row - 1) * stride + index] ?? 0);
      const corner = row === 0 || index < channels ? 0 : (pixels[(row - 1) * stride + index - channels] ?? 0);
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      pixels[row * stride + index] = ((raw[row * (stride + 1) + 1 + index] ?? 0) + predicted) & 255;
    }
  }
  const at = (x: number, y: number): readonly [number, number, number] => {
    const place = y * stride + x * channels;
    return [pixels.readUInt8(place), pixels.readUInt8(place + 1), pixels.readUInt8(place + 2)];
  };
  return { width, height, at };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
