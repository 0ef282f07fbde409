import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ANY_REVIEW, excessOf, JWT_REVIEW } from '../../src/server/json-bounds.ts';

const MIB = 1024 * 1024;
const bytes = (text: string): Buffer => Buffer.from(text);
/** A text of this many bytes, mostly repetitions of one part. */
const repeat = (piece: string, size: number): string => piece.repeat(Math.floor(size / piece.length));

/**
 * The largest pod that the API server accepts, 3 MiB: a thousand containers with 25 variables, and
 * `managedFields`.
 */
function largestPod(): object {
  const fields: Record<string, object> = {};
  const containers = Array.from({ length: 1_000 }, (_, index) => {
    const names = Array.from({ length: 25 }, (_each, number) => `SET_${index}_${number}`);
    const entries = names.map((name) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {}, 'f:value': {} }]);
    fields[`k:{"name":"container-${index}"}`] = {
      '.': {},
      'f:env': { '.': {}, ...Object.fromEntries(entries) },
      'f:image': {},
      'f:name': {},
      'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:memory': {} } },
    };
    const env = names.map((name) => ({ name, value: 'x'.repeat(18) }));
    const resources = { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } };
    return { name: `container-${index}`, image: 'registry.example.com/team/app:1.2.3', env, resources };
  });
  const managedFields = [
    { manager: 'kubectl', fieldsV1: { 'f:spec': { 'f:containers': fields } }, operation: 'Update' },
  ];
  return { kind: 'Pod', metadata: { name: 'x', managedFields }, spec: { containers } };
}

/**
 * The largest number of members that fit into 64 KiB, in objects of 64: the shortest names that are
 * different.
 */
function largestClaims(): Record<string, Record<string, number>> {
  const names = Array.from({ length: 64 }, (_, index) =>
    String.fromCodePoint(48 + index + (index > 43 ? 1 : 0)),
  );
  const members = Object.fromEntries(names.map((name) => [name, 1]));
  const groups = Math.floor((64 * 1024) / (JSON.stringify(members).length + 6));
  return Object.fromEntries(Array.from({ length: groups }, (_, index) => [String(index), members]));
}

/** The largest JWT that the API server and the CRD accept, with the fields that its author manages. */
function largestJwt(): object {
  const data = largestClaims();
  const owned = Object.entries(data).map(([name, members]) => [
    `f:${name}`,
    { '.': {}, ...Object.fromEntries(Object.keys(members).map((member) => [`f:${member}`, {}])) },
  ]);
  const fieldsV1 = { 'f:spec': { 'f:data': { '.': {}, ...Object.fromEntries(owned) } } };
  const annotations = Object.fromEntries(
    Array.from({ length: 256 }, (_, index) => [`example.com/note-${index}`, 'x'.repeat(1_000)]),
  );
  const managedFields = [{ manager: 'kubectl', operation: 'Update', fieldsV1 }];
  return { kind: 'JWT', metadata: { name: 'x', annotations, managedFields }, spec: { data } };
}

describe('the limit on JSON texts', () => {
  const hostile: readonly [string, string, RegExp][] = [
    ['8 MiB of opening brackets', repeat('[', 8 * MIB), /nests more than 500 deep/],
    ['8 MiB of nested objects', repeat('{"":', 8 * MIB), /nests more than 500 deep/],
    ['8 MiB of empty objects', `[${repeat('{},', 8 * MIB - 2)}0]`, /more than 700000 values/],
    ['8 MiB of empty arrays', `[${repeat('[],', 8 * MIB - 2)}0]`, /more than 700000 values/],
    ['8 MiB of numbers', `[${repeat('1,', 8 * MIB - 2)}0]`, /more than 700000 values/],
    ['8 MiB of one object', `{${repeat('"":1,', 8 * MIB - 6)}"":0}`, /more than 420000 members/],
    [
      '8 MiB of objects of one member',
      `[${repeat('{"abcdef":1},', 8 * MIB - 2)}0]`,
      /more than 700000 values/,
    ],
    [
      'members below the number of values',
      `{${repeat('"abcdefghi":1,', 7 * MIB)}"":0}`,
      /more than 420000 members/,
    ],
  ];
  for (const [title, text, message] of hostile) {
    it(`refuses ${title}`, () => assert.match(excessOf(bytes(text), ANY_REVIEW) ?? '', message));
  }

  it('allows an update with two of the largest pods that the API server accepts', () => {
    const pod = largestPod();
    const text = JSON.stringify({ request: { object: pod, oldObject: pod } });
    assert.ok(text.length > 5.9 * MIB && text.length < 8 * MIB, `${text.length / MIB} MiB`);
    assert.equal(excessOf(bytes(text), ANY_REVIEW), undefined);
  });

  it('allows an update of the largest JWT that can be stored', () => {
    const bytesOfClaims = JSON.stringify(largestClaims()).length;
    assert.ok(bytesOfClaims > 63 * 1024 && bytesOfClaims <= 64 * 1024, `${bytesOfClaims} bytes`);
    const jwt = largestJwt();
    const text = JSON.stringify({ request: { object: jwt, oldObject: jwt } });
    assert.equal(excessOf(bytes(text), JWT_REVIEW), undefined);
  });

  it('is much less for a JWT than for a pod', () => {
    const claims = Array.from({ length: 60_000 }, (_, index) => `"claim${index}":1`);
    const text = `{"request":{"object":{"spec":{"data":{${claims.join(',')}}}}}}`;
    assert.match(excessOf(bytes(text), JWT_REVIEW) ?? '', /more than 50000 members/);
    assert.equal(excessOf(bytes(text), ANY_REVIEW), undefined);
    const numbers = `[${repeat('1,', MIB)}0]`;
    assert.match(excessOf(bytes(numbers), JWT_REVIEW) ?? '', /more than 100000 values/);
    assert.equal(excessOf(bytes(numbers), ANY_REVIEW), undefined);
  });

  it('does not count the content of a string, with quotes and backslashes', () => {
    const text = JSON.stringify([
      '[{'.repeat(100_000),
      '"[\\'.repeat(100_000),
      '\\',
      '\\"',
      ',:'.repeat(MIB),
    ]);
    assert.equal(excessOf(bytes(text), ANY_REVIEW), undefined);
  });

  it('counts values after strings of any kind', () => {
    const padding = JSON.stringify('x'.repeat(64 * 1024));
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', ':', ',', 'ß', '\n') })),
        (before) => {
          const strings = [...before.map((each) => JSON.stringify(each)), padding];
          assert.match(
            excessOf(bytes(`[${strings.join(',')},${'['.repeat(500)}`), ANY_REVIEW) ?? '',
            /nests more than 500/,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is only checked in large texts', () => {
    assert.equal(excessOf(bytes('['.repeat(64 * 1024)), ANY_REVIEW), undefined);
    assert.match(excessOf(bytes('['.repeat(64 * 1024 + 1)), ANY_REVIEW) ?? '', /nests/);
  });
});
