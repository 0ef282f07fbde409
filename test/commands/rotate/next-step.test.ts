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
import { made } from './rotating.ts';

const { publicKey } = made;
const published: Rotation = { ...made, publishedAt: NOW - MIN_WAIT };
const switched: Rotation = { ...published, switchedAt: NOW - 10 };
const signedBy = (keyId: string, retiredUntil?: number, retiredKid: string | undefined = 'old') => {
  const old = {
    publicKey: JSON.stringify({ ...publicKey, kid: retiredKid }),
    expiresAt: formatTime(retiredUntil ?? 0),
    issuer: 'https://issuer.example.com/',
  };
  return makeJwt({ keyId }, { status: { keyId, retiredKeys: retiredUntil === undefined ? [] : [old] } });
};

/** The next step in this state, in which by default everything is published and the old key signs. */
function next(state: Partial<RotationState>, force = false): RotationStep {
  const usual = { jwt: signedBy('old'), rotation: made, hasSecret: true, publicationProblem: undefined };
  return nextStep({ ...usual, wait: MIN_WAIT, now: NOW, ...state }, force);
}

describe('the steps of a rotation', () => {
  const problem = 'https://a.example/keys has no key of kid new';
  const publicationProblem = { message: problem, isUnreachable: false };
  const unreachable = { message: problem, isUnreachable: true };
  /** The spec names the new key, and there is no token yet. */
  const named = makeJwt({ keyId: 'new' }, { status: { keyId: 'old' } });
  const reverted = signedBy('old');
  const TABLE: readonly (readonly [title: string, state: Partial<RotationState>, step: RotationStep])[] = [
    ['begins with a key', { rotation: undefined, hasSecret: false }, { do: 'make-key' }],
    ['makes another key when the Secret was not created any more', { hasSecret: false }, { do: 'make-key' }],
    ['publishes', { publicationProblem }, { do: 'publish', problem }],
    ['notes when it was published', {}, { do: 'note-published' }],
    [
      'waits from then on',
      { rotation: { ...made, publishedAt: NOW - 60 } },
      { do: 'wait', until: NOW - 60 + MIN_WAIT },
    ],
    [
      'publishes again when the key is gone',
      { rotation: published, publicationProblem },
      { do: 'publish', problem },
    ],
    ['changes the JWT', { rotation: published }, { do: 'switch' }],
    [
      'looks again when the issuer does not answer, and what was seen before counts',
      { rotation: published, publicationProblem: unreachable },
      { do: 'look-again', problem },
    ],
    [
      'publishes, too, while an issuer has never answered',
      { publicationProblem: unreachable },
      { do: 'publish', problem },
    ],
    ['notes a longer wait', { rotation: published, wait: DAY }, { do: 'note-wait' }],
    [
      'waits for longer if an earlier run was asked to',
      { rotation: { ...published, wait: DAY }, wait: DAY },
      { do: 'wait', until: NOW - MIN_WAIT + DAY },
    ],
    ['waits for a token', { rotation: switched, jwt: named }, { do: 'await-signature' }],
    [
      'stops when somebody changed keyId back',
      { rotation: switched, jwt: reverted },
      { do: 'reverted', problem: 'somebody changed spec.keyId to old after the new key was in the JWT' },
    ],
    [
      'takes a retired key without a kid, as earlier versions left them, for the old one',
      { rotation: switched, jwt: signedBy('new', NOW + DAY, undefined) },
      { do: 'keep-old', until: NOW + DAY + MIN_WAIT },
    ],
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

  it('are skipped by force: only publication and waiting', () => {
    assert.deepEqual(next({ rotation: undefined }, true), { do: 'make-key' });
    assert.deepEqual(next({ hasSecret: false }, true), { do: 'make-key' });
    assert.deepEqual(next({ publicationProblem }, true), { do: 'switch' });
    assert.deepEqual(next({ rotation: { ...made, publishedAt: NOW } }, true), { do: 'switch' });
    assert.deepEqual(next({ rotation: switched, jwt: named }, true), { do: 'await-signature' });
    assert.deepEqual(next({ rotation: switched, jwt: reverted }, true), { do: 'switch' });
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

  it('that another program wrote is ignored', () => {
    const [key = ''] = Object.keys(rotationAnnotation(made));
    for (const text of ['', '{', 'null', '[]', '{}', '{"secret":"a","previousKeyId":"b","publicKey":{}}'])
      assert.equal(read({ [key]: text }), undefined);
    assert.equal(readRotation(undefined), undefined);
  });
});
