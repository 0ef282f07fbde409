import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Violation } from './case-file.ts';

/** This many characters are enough to recognize one; shorter ones may occur by chance. */
const LENGTH = 30;

/** What must never be shown, and a search for it: parts of tokens and of private keys (I6). */
export class Canaries {
  readonly #beginnings = new Set<string>();

  /** Any text that may be a token; what is not is left out. */
  addToken(text: string): void {
    const [, payload = '', signature = ''] = text.split('.');
    this.#add(payload);
    this.#add(signature);
  }

  /** A private key in any form, PEM or JWK; the public half in it may be shown. */
  addKey(text: string): void {
    const trimmed = text.trim();
    if (trimmed.startsWith('{')) {
      const { d } = JSON.parse(trimmed);
      if (typeof d === 'string') this.#add(d);
      return;
    }
    const shown = publicBytes(text);
    for (const line of trimmed.split('\n').map((each) => each.trim())) {
      if (line.includes('-') || line.includes(' ')) continue;
      // A line that begins inside the public half may be shown in part: the next one will show.
      if (!shown.includes(Buffer.from(line.slice(0, LENGTH - (LENGTH % 4)), 'base64'))) this.#add(line);
    }
    this.#add(Buffer.from(text).toString('base64'));
  }

  get size(): number {
    return this.#beginnings.size;
  }

  /** Looks into every text; names where something was found, never what. */
  search(texts: Readonly<Record<string, string>>): readonly Violation[] {
    return Object.entries(texts)
      .filter(([, text]) => this.#isIn(toUrlAlphabet(text)))
      .map(([where]) => ({ invariant: 'I6', what: `a key or token shows in ${where}` }));
  }

  #add(text: string): void {
    if (text.length >= LENGTH) this.#beginnings.add(toUrlAlphabet(text).slice(0, LENGTH));
  }

  #isIn(text: string): boolean {
    for (const [run] of text.matchAll(/[\w-]{30,}/g)) {
      for (let start = 0; start + LENGTH <= run.length; start += 1) {
        if (this.#beginnings.has(run.slice(start, start + LENGTH))) return true;
      }
    }
    return false;
  }
}

/** PEM and Secrets use one base64 alphabet, tokens and JWKs the other: a leak may use either. */
function toUrlAlphabet(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** DER of the public half; empty when the text is not a key that Node reads. */
function publicBytes(text: string): Buffer {
  try {
    return createPublicKey(createPrivateKey(text)).export({ format: 'der', type: 'spki' });
  } catch {
    return Buffer.alloc(0);
  }
}
