import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import {
  ADMISSION_DECISIONS,
  ADMISSION_REASONS,
  SIGNATURE_CAUSES,
  STATE_REASONS,
} from '../src/resources/reasons.ts';

const read = (name: string): Promise<string> => readFile(new URL(`../${name}`, import.meta.url), 'utf8');

describe('the documentation', () => {
  it('explains every word of conditions, signatures and decisions, and no other', async () => {
    const page = await read('docs/reasons.md');
    const [, states = '', causes = '', decisions = ''] = page.split('\n## ');
    const wordsOf = (section: string, column: number): string[] =>
      section
        .split('\n')
        .filter((line) => line.startsWith('| `'))
        .map((line) => line.split('|')[column]?.trim().replaceAll('`', '') ?? '');
    assert.deepEqual(wordsOf(states, 1).toSorted(), [...STATE_REASONS].toSorted());
    assert.deepEqual(wordsOf(causes, 1).toSorted(), [...SIGNATURE_CAUSES].toSorted());
    assert.deepEqual(wordsOf(decisions, 2).toSorted(), [...ADMISSION_REASONS].toSorted());
    assert.deepEqual([...new Set(wordsOf(decisions, 1))].toSorted(), [...ADMISSION_DECISIONS].toSorted());
  });

  it('of the README names only scripts that exist', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    for (const page of ['README.md', 'CONTRIBUTING.md']) {
      for (const [, script] of (await read(page)).matchAll(/npm run ([\w:-]+)/g)) {
        assert.ok(script !== undefined && Object.hasOwn(scripts, script), `${page} names npm run ${script}`);
      }
    }
  });
});
