import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CaseFile, Excuse } from './case-file.ts';
import { describeLatest, findLateRenewals, listDueRenewals } from './lateness.ts';
import type { Sighting } from './observer.ts';

const START = 1_800_000_000; // seconds; the times below are seconds after it
const MINUTE = {
  lifetime: 60,
  resignBefore: 30,
  keyId: 'k',
  algorithm: 'ES256',
  issuer: 'https://i',
  data: {},
};

function see(kind: Sighting['kind'], version: number, at: number, object: object, isGone = false): Sighting {
  const whole = { metadata: {}, ...object };
  return {
    kind,
    at: (START + at) * 1000,
    isGone,
    name: 'a',
    uid: kind,
    resourceVersion: `${version}`,
    object: whole,
  };
}

/** A Secret with a token that was signed at that time. */
function signed(version: number, at: number): Sighting {
  const parts = [{ alg: 'ES256' }, { exp: START + at + MINUTE.lifetime, jti: `${at}` }];
  const texts = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const token = Buffer.from([...texts, 'signature'].join('.')).toString('base64');
  return see('Secret', version, at, { data: { token } });
}

const JWT = see('JWT', 9, 0, {});
const excuse = (from: number, until: number): Excuse => ({
  from: (START + from) * 1000,
  until: (START + until) * 1000,
});

for (const [what, sightings, lateS, more = {}] of [
  ['a renewal in time is not late', [JWT, signed(1, 0), signed(2, 30)], 0],
  ['a renewal ten seconds after it was due is late', [JWT, signed(1, 0), signed(2, 40)], 10],
  ['the latest one counts', [JWT, signed(1, 0), signed(2, 33), signed(3, 65)], 3],
  ['one that has not come is late until the end', [JWT, signed(1, 0)], 20, { endedAt: (START + 50) * 1000 }],
  [
    'time with an excuse does not count',
    [JWT, signed(1, 0), signed(2, 45)],
    5,
    { excuses: [excuse(20, 40)] },
  ],
  [
    'a token that the suite replaced was not due',
    [JWT, signed(1, 0), signed(2, 45)],
    0,
    { foreign: new Set(['2']), endedAt: (START + 50) * 1000 },
  ],
  [
    'a JWT that was deleted is not renewed',
    [JWT, signed(1, 0), see('JWT', 10, 20, {}, true)],
    0,
    { endedAt: (START + 50) * 1000 },
  ],
  [
    'a spec that changed has another due time',
    [JWT, signed(1, 0), signed(2, 45)],
    0,
    {
      specs: [
        { ...MINUTE, from: 0 },
        { ...MINUTE, from: (START + 44) * 1000 },
      ],
    },
  ],
] as readonly (readonly [string, readonly Sighting[], number, Partial<CaseFile>?])[]) {
  it(what, () => {
    const late = listDueRenewals(fileOf(sightings, more)).map(
      ({ lateMs, hinderedMs }) => lateMs - hinderedMs,
    );
    assert.equal(Math.max(0, ...late), lateS * 1000);
  });
}

describe('a late renewal', () => {
  /** What is wrong with a renewal that was due after 30 s and made after `madeAt`. */
  const blame = (madeAt: number, more: Partial<CaseFile> = {}): readonly string[] =>
    findLateRenewals(fileOf([JWT, signed(1, 0), signed(2, madeAt)], more)).map(({ what }) => what);

  it('may take five seconds when nothing hinders it', () => {
    assert.deepEqual(blame(35), []);
    assert.deepEqual(blame(36), [
      'a: renewed 6.0 s late, allowed are 5.0 s (nothing could be written for 0.0 s)',
    ]);
  });

  it('may take as long as nothing can be written, the wait after it, and five seconds', () => {
    for (const hindrance of [{ excuses: [excuse(20, 34)] }, { pauses: [excuse(20, 34)] }]) {
      assert.deepEqual(blame(44, hindrance), []);
      assert.deepEqual(blame(45, hindrance), [
        'a: renewed 15.0 s late, allowed are 14.0 s (nothing could be written for 4.0 s)',
      ]);
    }
  });

  it('is excused once by excuses that overlap', () => {
    assert.equal(
      blame(45, { excuses: [excuse(20, 34), excuse(30, 33)], pauses: [excuse(29, 34)] }).length,
      1,
    );
  });

  it('is also one that never came', () => {
    const file = fileOf([JWT, signed(1, 0)], { endedAt: (START + 50) * 1000 });
    assert.deepEqual(findLateRenewals(file), [
      {
        invariant: 'recovery',
        what: 'a: not renewed 20.0 s after it was due, allowed are 5.0 s (nothing could be written for 0.0 s)',
      },
    ]);
  });

  it('is in the table from one second on, with what hindered it', () => {
    const [prompt, late, latest] = [30.5, 33, 40].map((madeAt) =>
      fileOf([JWT, signed(1, 0), signed(2, madeAt)], { pauses: [excuse(35, 38)] }),
    );
    assert.ok(prompt !== undefined && late !== undefined && latest !== undefined);
    assert.equal(describeLatest([]), undefined);
    assert.equal(describeLatest([prompt]), undefined);
    assert.equal(describeLatest([prompt, late]), 'a renewal 3.0 s late');
    assert.equal(
      describeLatest([late, latest]),
      'a renewal 10.0 s late, 3.0 s of it without any chance to write',
    );
  });
});

function fileOf(sightings: readonly Sighting[], more: Partial<CaseFile>): CaseFile {
  return {
    name: 'a',
    sightings,
    keys: [],
    specs: [{ ...MINUTE, from: 0 }],
    excuses: [],
    pauses: [],
    stalls: [],
    causes: 1,
    statuses: 0,
    foreign: new Set(),
    ours: new Set(['1', '2', '3']),
    endedAt: (START + 46) * 1000,
    ...more,
  };
}
