/** A longer word is not a typing error, and the cost of comparing two is the product of their lengths. */
const MAX_WORD_LENGTH = 64;
/** More would only cost time: a hostile pod could have 100,000 containers. */
const MAX_CANDIDATES = 200;

/**
 * The known word that was most likely meant, `undefined` when none is similar: upper case, dashes and underscores do not
 * count, and about one letter in three may be wrong; two that are swapped count as one.
 */
export function closest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  const plain = plainForm(word);
  let left = MAX_CANDIDATES;
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    left -= 1;
    if (left < 0) break;
    if (candidate.length > MAX_WORD_LENGTH) continue;
    const distance = editDistance(plain, plainForm(candidate));
    const allowed = Math.max(1, Math.floor(Math.max(plain.length, candidate.length) / 3));
    if (distance <= allowed && (best === undefined || distance < best.distance))
      best = { word: candidate, distance };
  }
  return best?.word;
}

function plainForm(word: string): string {
  return word.toLowerCase().replaceAll(/[-_.\s]/g, '');
}

/** How many letters have to be replaced, added, removed, or swapped with the next one. Keeps three rows of the table. */
function editDistance(from: string, to: string): number {
  let before: readonly number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const substitute = at(row, j) + (from[i] === to[j] ? 0 : 1);
      const isSwapped = from[i] === to[j - 1] && from[i - 1] === to[j];
      const swap = isSwapped ? at(before, j - 1) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(substitute, swap, at(row, j + 1) + 1, at(next, j) + 1));
    }
    [before, row] = [row, next];
  }
  return at(row, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
