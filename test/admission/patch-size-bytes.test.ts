import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ContainerPlan } from '../../src/admission/decision.ts';
import { areTooManyMounts, explainTooLarge, PatchSize } from '../../src/admission/patch-size.ts';
import { makeTokenVolume } from '../../src/admission/token-volume.ts';
import { mount, shape } from './shapes.ts';

const MIB = 1_048_576;

function plan(path: string, value?: string): ContainerPlan {
  const env = value === undefined ? undefined : { name: 'E', value };
  const mounts = [{ name: 'v', mountPath: path, readOnly: true }] as const;
  return { list: 'containers', index: 0, name: 'app', mounts, env };
}

function isTooLarge(...plans: readonly ContainerPlan[]): boolean {
  const size = new PatchSize();
  for (const each of plans) size.addContainer(each);
  return size.isTooLarge();
}

describe('the size of a patch', () => {
  it('is at most 1 MiB, of a mount, a variable or many volumes', () => {
    const [small, large] = ['x'.repeat(MIB - 500), 'x'.repeat(MIB)];
    assert.deepEqual([isTooLarge(plan(small)), isTooLarge(plan(large))], [false, true]);
    assert.deepEqual([isTooLarge(plan('/', small)), isTooLarge(plan('/', large))], [false, true]);
    const volumes = (count: number): boolean => {
      const size = new PatchSize();
      for (let index = 0; index < count; index += 1) size.addVolume(makeTokenVolume('t'.repeat(50), 0o444));
      return size.isTooLarge();
    };
    assert.deepEqual([volumes(3_500), volumes(6_000)], [false, true]);
  });

  it('is that of all containers together, whenever it is asked for', () => {
    const size = new PatchSize();
    const half = plan('x'.repeat(MIB / 2 - 1_000));
    size.addContainer(half);
    assert.ok(!size.isTooLarge());
    size.addContainer(half);
    assert.ok(!size.isTooLarge());
    size.addContainer(plan('x'.repeat(3_000)));
    assert.ok(size.isTooLarge());
  });

  it('is never counted as less than it is, nor as much more', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
    const surrogates = fc.constantFrom(
      '\uD800',
      '"',
      '\\',
      '\n',
      '\u0001',
      '\u007F',
      '\u07FF',
      '\u0800',
      'é',
      '€',
    );
    fc.assert(
      fc.property(fc.oneof(texts, surrogates), (text) => {
        const one = Buffer.byteLength(JSON.stringify(text)) - 2;
        const fits = (times: number): boolean => !isTooLarge(plan(text.repeat(times)));
        assert.ok(!fits(Math.ceil(MIB / one)), 'never less');
        // Pairs are counted by their halves, escapes of two characters by the longest.
        assert.ok(fits(Math.floor((MIB - 500) / (6 * text.length))), 'never six times as much');
      }),
      { numRuns: 8 }, // of texts of 1 MiB
    );
  });

  it('is exact for plain text', () => {
    for (const [text, bytes] of [
      ['x', 1],
      ['"', 2],
      ['\\', 2],
      ['é', 2],
      ['߿', 2],
      ['ࠀ', 3],
      ['€', 3],
      ['\u007F', 1],
      [' ', 1],
      ['\u001F', 6],
    ] as const) {
      assert.ok(!isTooLarge(plan(text.repeat(Math.floor((MIB - 300) / bytes)))), JSON.stringify(text));
      assert.ok(isTooLarge(plan(text.repeat(Math.ceil(MIB / bytes)))), JSON.stringify(text));
    }
  });
});

describe('mounts and devices times tokens', () => {
  const many = shape(
    Array.from({ length: 512 }, () => mount('v', '/v')),
    Array.from({ length: 512 }, () => ({ volume: 'd', path: '/d' })),
  );
  it('are too many beyond 1,048,576 comparisons', () => {
    assert.ok(!areTooManyMounts([many], 1_024));
    assert.ok(areTooManyMounts([many], 1_025));
    assert.ok(!areTooManyMounts([many, many], 512));
    assert.ok(areTooManyMounts([many, many], 513));
  });
});

it('a pod that is too large is told its numbers, and what helps', () => {
  const remedy = 'use a shorter path, or select containers with annotation tokens.osg-htc.org/containers';
  const what = (containers: number, tokens: number): string => explainTooLarge(containers, tokens).what;
  assert.equal(what(1, 1), 'this pod is too large: 1 token in 1 container');
  assert.equal(what(2, 32), 'this pod is too large: 32 tokens in 2 containers');
  assert.deepEqual(explainTooLarge(1, 1), { reason: 'TooLarge', what: what(1, 1), remedy });
});
