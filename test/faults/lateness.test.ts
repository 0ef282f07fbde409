import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { CaseFile, Excuse } from './case-file.ts';
import { latestRenewal } from './lateness.ts';
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
    const file: CaseFile = {
      name: 'a',
      sightings,
      keys: [],
      specs: [{ ...MINUTE, from: 0 }],
      excuses: [],
      causes: 1,
      foreign: new Set(),
      ours: new Set(['1', '2', '3']),
      endedAt: (START + 46) * 1000,
      ...more,
    };
    assert.equal(latestRenewal(file), lateS * 1000);
  });
}
