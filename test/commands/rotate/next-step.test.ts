import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MIN_WAIT,
  nextStep,
  type RotationState,
  type RotationStep,
} from '../../../src/commands/rotate/next-step.ts';
import { readRotation, rotationAnnotation, type Rotation } from '../../../src/commands/issuer/rotation.ts';
import { formatTime } from '../../../src/time/format-time.ts';
import { makeJwt } from '../../fixtures/jwts.ts';
import { DAY, NOW } from '../../fixtures/observed.ts';

const publicKey = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'new', alg: 'ES256', use: 'sig' } as const;
const made: Rotation = {
  secret: 'my-jwt-key-00000000',
  publicKey,
  previousKeyId: 'old',
  previousSecret: 'my-key',
  publishedAt: undefined,
  switchedAt: undefined,
};
const published: Rotation = { ...made, publishedAt: NOW - MIN_WAIT };
const switched: Rotation = { ...published, switchedAt: NOW - 10 };
const signedBy = (keyId: string, retiredUntil?: number) => {
  const old = {
    publicKey: JSON.stringify({ ...publicKey, kid: 'old' }),
    expiresAt: formatTime(retiredUntil ?? 0),
  };
  return makeJwt({}, { status: { keyId, retiredKeys: retiredUntil === undefined ? [] : [old] } });
};

/** What comes next, with what is given; all is published, and the old key signs. */
function next(state: Partial<RotationState>, force = false): RotationStep {
  const usual = { jwt: signedBy('old'), rotation: made, hasSecret: true, publicationProblem: undefined };
  return nextStep({ ...usual, wait: MIN_WAIT, now: NOW, ...state }, force);
}

describe('the steps of a rotation', () => {
  const problem = 'https://a.example/keys has no key of kid new';
  const TABLE: readonly (readonly [title: string, state: Partial<RotationState>, step: RotationStep])[] = [
    ['begins with a key', { rotation: undefined, hasSecret: false }, { do: 'make-key' }],
    ['makes another key when the Secret was not created any more', { hasSecret: false }, { do: 'make-key' }],
    ['publishes', { publicationProblem: problem }, { do: 'publish', problem }],
    ['notes when it was published', {}, { do: 'note-published' }],
    [
      'waits from then on',
      { rotation: { ...made, publishedAt: NOW - 60 } },
      { do: 'wait', until: NOW - 60 + MIN_WAIT },
    ],
    [
      'waits for longer if it is asked to',
      { rotation: published, wait: DAY },
      { do: 'wait', until: NOW - MIN_WAIT + DAY },
    ],
    [
      'publishes again when the key is gone',
      { rotation: published, publicationProblem: problem },
      { do: 'publish', problem },
    ],
    ['changes the JWT', { rotation: published }, { do: 'switch' }],
    ['waits for a token', { rotation: switched }, { do: 'await-signature' }],
    [
      'keeps the old key until its last token expires, and a little longer',
      { rotation: switched, jwt: signedBy('new', NOW + DAY) },
      { do: 'keep-old', until: NOW + DAY + MIN_WAIT },
    ],
    [
      'keeps it a little after the switch in any case',
      { rotation: switched, jwt: signedBy('new') },
      { do: 'keep-old', until: NOW - 10 + MIN_WAIT },
    ],
    [
      'ends',
      { rotation: { ...switched, switchedAt: NOW - DAY }, jwt: signedBy('new', NOW - MIN_WAIT) },
      { do: 'finish' },
    ],
  ];
  for (const [title, state, step] of TABLE) it(title, () => assert.deepEqual(next(state), step));

  it('are skipped by force: publication and waiting, and nothing else', () => {
    assert.deepEqual(next({ rotation: undefined }, true), { do: 'make-key' });
    assert.deepEqual(next({ hasSecret: false }, true), { do: 'make-key' });
    assert.deepEqual(next({ publicationProblem: problem }, true), { do: 'switch' });
    assert.deepEqual(next({ rotation: { ...made, publishedAt: NOW } }, true), { do: 'switch' });
    assert.deepEqual(next({ rotation: switched }, true), { do: 'await-signature' });
    const until = NOW + DAY + MIN_WAIT;
    const forced = next({ rotation: switched, jwt: signedBy('new', NOW + DAY) }, true);
    assert.deepEqual(forced, { do: 'finish', until });
    const over = { rotation: { ...switched, switchedAt: NOW - DAY }, jwt: signedBy('new') };
    assert.deepEqual(next(over, true), { do: 'finish' });
  });
});

describe('the annotation of a rotation', () => {
  const read = (annotations: Record<string, unknown>) => readRotation({ metadata: { annotations } });

  it('is read as it was written', () => {
    for (const rotation of [made, published, switched])
      assert.deepEqual(read(rotationAnnotation(rotation)), rotation);
  });

  it('that somebody else wrote is ignored', () => {
    const [key = ''] = Object.keys(rotationAnnotation(made));
    for (const text of ['', '{', 'null', '[]', '{}', '{"secret":"a","previousKeyId":"b","publicKey":{}}'])
      assert.equal(read({ [key]: text }), undefined);
    assert.equal(readRotation(undefined), undefined);
  });
});
