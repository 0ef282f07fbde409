import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { instrument, type Mutant } from './instrument.ts';
import { tryMutants } from './try-mutants.ts';

const SOURCE = `
const STEP: number = 1;
export function sum(numbers: readonly number[]): number {
  let result = 0;
  for (let index = 0; index < numbers.length; index += STEP) result += numbers[index] ?? 0;
  return result;
}
export const never = (): boolean => true;
`;

const TEST = `
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { sum } from './sum.ts';

test('the sum of nothing', () => assert.equal(sum([]), 0));

describe('a sum', () => {
  it('adds numbers', async ({ after }) => {
    after(() => undefined);
    assert.equal(sum([1, 2]), 3);
  });
});
`;

const MUTANT: Mutant = { id: 0, file: 'sum.ts', line: 1, original: '1', replacement: '2' };

describe('a mutant', () => {
  it('is noticed if a test fails or does not end, survives otherwise, or is not reached', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-mutants-test-'));
    context.after(() => rm(folder, { recursive: true }));
    const [source, test] = [join(folder, 'sum.ts'), join(folder, 'sum.test.ts')];
    await writeFile(source, SOURCE);
    await writeFile(test, TEST);

    const outcomes = await tryMutants(await instrument([source]), [test], 1);

    const found = new Map(
      [...outcomes].map(([{ line, original, replacement }, outcome]) => [
        `${line}: ${original} → ${replacement}`,
        outcome,
      ]),
    );
    assert.equal(found.get('5: index < numbers.length → index >= numbers.length'), 'noticed');
    assert.equal(found.get('5: index += STEP → index -= STEP'), 'noticed', 'an endless loop');
    assert.equal(found.get('5: index < numbers.length → index <= numbers.length'), 'survived');
    assert.equal(found.get('8: true → false'), 'not reached');
  });

  it('is not tried if a test fails without it', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-mutants-test-'));
    context.after(() => rm(folder, { recursive: true }));
    const test = join(folder, 'broken.test.ts');
    await writeFile(test, `import { it } from 'node:test'; it('fails', () => { throw new Error('x'); });`);
    await assert.rejects(
      tryMutants({ mutants: [MUTANT], sources: {} }, [test], 1),
      /without a mutant: fails/,
    );
  });
});

describe('a run that would show nothing', () => {
  it('throws if a test file cannot be read: otherwise mutants that only its tests notice would seem to survive', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-mutants-test-'));
    context.after(() => rm(folder, { recursive: true }));
    const [good, bad] = [join(folder, 'good.test.ts'), join(folder, 'bad.test.ts')];
    await writeFile(good, `import { it } from 'node:test'; it('passes', () => undefined);`);
    await writeFile(bad, `import { unknown } from 'node:test'; unknown();`);
    const trial = tryMutants({ mutants: [MUTANT], sources: {} }, [good, bad], 1);
    await assert.rejects(trial, /without a mutant: .*bad\.test\.ts: SyntaxError/);
  });

  it('throws when there is no mutant', async () => {
    await assert.rejects(tryMutants({ mutants: [], sources: {} }, ['any.test.ts'], 1), /nothing to change/);
  });

  it('throws when there is no test', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-mutants-test-'));
    context.after(() => rm(folder, { recursive: true }));
    const empty = join(folder, 'empty.test.ts');
    await writeFile(empty, '');
    for (const tests of [[], [empty]])
      await assert.rejects(tryMutants({ mutants: [MUTANT], sources: {} }, tests, 1), /no test/);
  });
});
