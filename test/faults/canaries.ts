import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Violation } from './case-file.ts';

/** Length of a part that identifies a token or key; a shorter one can occur by chance. */
const LENGTH = 30;

/**
 * The canaries: parts of tokens and private keys, which must never appear in an output (I6). Searches texts
 * for them.
 */
export class Canaries {
  readonly #beginnings = new Set<string>();

  /** Adds a token; ignores a text that is not a token. */
  addToken(text: string): void {
    const [, payload = '', signature = ''] = text.split('.');
    this.#add(payload);
    this.#add(signature);
  }

  /** Adds a private key in any form, PEM or JWK. Its public half is allowed to appear. */
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
      // A line that begins inside the public half can be partly public: the next line is searched for as
      // well.
      if (!shown.includes(Buffer.from(line.slice(0, LENGTH - (LENGTH % 4)), 'base64'))) this.#add(line);
    }
    this.#add(Buffer.from(text).toString('base64'));
  }

  get size(): number {
    return this.#beginnings.size;
  }

  /** Searches all texts. Gives the names of texts in which something was found, but never what. */
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

/** PEM and Secrets use one alphabet of base64, tokens and JWKs another: a leak can be in either. */
function toUrlAlphabet(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** DER of the public half; empty if Node cannot read the text as a key. */
function publicBytes(text: string): Buffer {
  try {
    return createPublicKey(createPrivateKey(text)).export({ format: 'der', type: 'spki' });
  } catch {
    return Buffer.alloc(0);
  }
}
