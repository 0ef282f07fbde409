import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { codePoint } from '../fixtures/code-point.ts';
import type { ContainerPlan, TokenMount } from '../../src/admission/decision.ts';
import { explainTooLarge, PatchSize } from '../../src/admission/size-limits.ts';
import { makeTokenVolume } from '../../src/admission/token-volume.ts';

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

  it('is the sum of all containers so far', () => {
    const size = new PatchSize();
    const half = plan('x'.repeat(MIB / 2 - 1_000));
    size.addContainer(half);
    assert.ok(!size.isTooLarge());
    size.addContainer(half);
    assert.ok(!size.isTooLarge());
    size.addContainer(plan('x'.repeat(3_000)));
    assert.ok(size.isTooLarge());
  });

  it('is never counted too low, nor much too high', () => {
    const texts = fc.string({ unit: codePoint, minLength: 1, maxLength: 8 });
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
        // Surrogate pairs are counted by their halves, and escapes of two characters as the longest ones.
        assert.ok(fits(Math.floor((MIB - 500) / (6 * text.length))), 'never six times as much');
      }),
      { numRuns: 8 }, // the texts have 1 MiB
    );
  });

  it('is exact for every text', () => {
    const frame = bytesOf(mountOperation({ name: 'v', mountPath: '', readOnly: true }));
    for (const [text, bytes] of [
      ['x', 1],
      ['"', 2],
      ['\\', 2],
      ['\u001F', 6],
      [' ', 1],
      ['\u007F', 1],
      ['\u0080', 2],
      ['é', 2],
      ['\u07FF', 2],
      ['\u0800', 3],
      ['€', 3],
      ['\uD7FF', 3],
      ['\uD800', 6],
      ['\uDFFF', 6],
      ['\uE000', 3],
    ] as const) {
      const path = text.repeat(1_000) + 'x'.repeat(MIB - frame - 1_000 * bytes);
      assert.deepEqual([isTooLarge(plan(path)), isTooLarge(plan(`${path}x`))], [false, true], inspect(text));
    }
  });

  it('is exact for a mount of the container with the longest path', () => {
    const name = 'n'.repeat(1_000);
    const empty = { name, mountPath: '', readOnly: true } as const;
    const fill = MIB - bytesOf(mountOperation(empty));
    const isTooLong = (length: number): boolean =>
      isTooLarge({ ...plan('/'), mounts: [{ ...empty, mountPath: 'x'.repeat(length) }] });
    assert.deepEqual([isTooLong(fill), isTooLong(fill + 1)], [false, true]);
  });

  it('is two bytes more than needed for a variable, in a list or as the first entry of one', () => {
    const name = 'N'.repeat(1_000);
    const first = { op: 'add', path: `${CONTAINER_PATH}/env/0`, value: { name, value: '' } };
    const list = { op: 'add', path: `${CONTAINER_PATH}/env`, value: [{ name, value: '' }] };
    assert.equal(bytesOf(first), bytesOf(list));
    const fill = MIB - bytesOf(first) - 2;
    const isTooLong = (length: number): boolean =>
      isTooLarge({ ...plan('/'), mounts: [], env: { name, value: 'x'.repeat(length) } });
    assert.deepEqual([isTooLong(fill), isTooLong(fill + 1)], [false, true]);
  });

  it('is exact for a volume', () => {
    const volume = makeTokenVolume('t'.repeat(1_000), 0o444);
    const fill = MIB - bytesOf({ op: 'add', path: '/spec/volumes/-', value: { ...volume, name: '' } });
    const isTooLong = (length: number): boolean => {
      const size = new PatchSize();
      size.addVolume({ ...volume, name: 'x'.repeat(length) });
      return size.isTooLarge();
    };
    assert.deepEqual([isTooLong(fill), isTooLong(fill + 1)], [false, true]);
  });
});

const CONTAINER_PATH = '/spec/ephemeralContainers/99999';

function mountOperation(value: TokenMount): object {
  return { op: 'add', path: `${CONTAINER_PATH}/volumeMounts/-`, value };
}

function bytesOf(operation: object): number {
  return Buffer.byteLength(JSON.stringify(operation));
}

it('the refusal of a pod that is too large has its numbers and the remedy', () => {
  const remedy = 'use a shorter path, or select containers with annotation tokens.osg-htc.org/containers';
  const what = (containers: number, tokens: number): string => explainTooLarge(containers, tokens).what;
  assert.equal(what(1, 1), 'this pod is too large: 1 token in 1 container');
  assert.equal(what(2, 32), 'this pod is too large: 32 tokens in 2 containers');
  assert.deepEqual(explainTooLarge(1, 1), { reason: 'TooLarge', what: what(1, 1), remedy });
});
