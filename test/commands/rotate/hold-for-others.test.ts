import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { bareJwk } from '../../../src/signing/key/public-jwk.ts';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { toSeconds } from '../../../src/time/units.ts';
import { formatTime } from '../../../src/time/format-time.ts';
import { MIN_WAIT } from '../../../src/commands/rotate/next-step.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import type { Loose } from '../../integration/objects.ts';
import {
  ISSUER,
  JWT,
  keyText,
  made,
  publicJwk,
  REMOVES_KEY,
  startRotating,
  switched,
  type Rotating,
} from './rotating.ts';

/** The thumbprint of `publicJwk`, whatever its `kid`. */
const OLD_THUMBPRINT = await calculateJwkThumbprint(bareJwk(publicJwk));
const UNPUBLISH = 'jwt-injector jwks my-jwt -n science --dir DIR --remove=old';
const keyIn = (name: string) => ({ secret: { name, key: 'key.pem' } });
const inSeconds = (seconds: number): number => toSeconds(Date.now()) + seconds;
const signedWithOld = (expiresAt: number, more: Loose = {}) => ({
  keyId: 'old',
  keyThumbprint: OLD_THUMBPRINT,
  publicKey: keyText('old'),
  issuer: ISSUER,
  expiresAt: formatTime(expiresAt),
  ...more,
});
const AGAIN = 'jwt-injector rotate my-jwt -n science';

describe('a rotation of a key that other JWTs need', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
    rotating.begin(switched);
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const rotate = async (...args: readonly string[]): Promise<Loose> => {
    const { code, out, err } = await rotating.rotate(...args);
    assert.deepEqual([code, err], [0, '']);
    return JSON.parse(out);
  };
  const put = (spec: Loose, status: Loose, metadata: Loose = {}): void => {
    const { namespace = 'science' } = metadata;
    const path = JWT.replace('science', namespace).replace('my-jwt', 'sharing');
    rotating.api.objects.set(path, wireJwt(spec, { metadata: { name: 'sharing', ...metadata }, status }));
  };
  const share = (keyId: string, retiredUntil?: number): void => {
    const expiresAt = formatTime(retiredUntil ?? 0);
    const retiredKeys =
      retiredUntil === undefined ? [] : [{ publicKey: keyText('old'), expiresAt, issuer: ISSUER }];
    put(
      { keyId, key: keyIn(keyId === 'old' ? 'my-key' : 'my-jwt-key-00000000') },
      { keyId, issuer: ISSUER, retiredKeys },
    );
  };
  it('is not over until each has the new key and the last tokens of the old one have expired', async () => {
    share('old');
    const waiting = await rotate();
    assert.deepEqual([waiting.step, waiting.until], ['await-others', undefined]);
    assert.equal(waiting.commands.length, 2);
    assert.match(waiting.commands[0], /^kubectl patch jwt sharing -n science /);
    assert.equal(waiting.commands[1], AGAIN);
    assert.notEqual(rotating.record(), undefined);

    const expiresAt = toSeconds(Date.now()) + 3_600;
    share('new', expiresAt);
    const expiring = await rotate();
    assert.deepEqual([expiring.step, expiring.commands], ['await-others', [AGAIN]]);
    assert.equal(expiring.until, formatTime(expiresAt + MIN_WAIT));
    assert.match(
      expiring.notes.join(),
      /JWT science\/sharing had tokens of the old key: it is needed until 2/,
    );

    share('new', toSeconds(Date.now()) - MIN_WAIT);
    const { step, commands } = await rotate();
    assert.deepEqual([step, commands], ['finish', [UNPUBLISH, REMOVES_KEY]]);
    assert.equal(rotating.record(), undefined);
  });

  it('is over by force, and then says what is left to do', async () => {
    share('old');
    const { step, commands, notes } = await rotate('--force');
    assert.deepEqual([step, commands.length], ['finish', 1]);
    assert.match(commands[0], /^kubectl patch jwt sharing -n science /);
    assert.ok(
      notes.some((note: string) =>
        note.endsWith(`when no other JWT signs with the old key any more, ${UNPUBLISH}`),
      ),
    );
    assert.ok(
      notes.some((note: string) =>
        note.startsWith('the old key stays in Secret science/my-key: a JWT signs'),
      ),
    );
  });

  const known = { ...switched, previousThumbprint: OLD_THUMBPRINT };

  it('keeps the key for the token of one that is being deleted, and asks nothing of it', async () => {
    const until = inSeconds(4 * 3_600);
    const metadata = { deletionTimestamp: formatTime(inSeconds(-60)), finalizers: ['example.com/kept'] };
    put({ keyId: 'old', key: keyIn('my-key') }, signedWithOld(until), metadata);
    const report = await rotate();
    assert.deepEqual([report.step, report.sharedWith, report.commands], ['await-others', [], [AGAIN]]);
    assert.equal(report.until, formatTime(until + MIN_WAIT));
  });

  it('is over for one whose spec names another key, which cannot sign, when its last token has expired', async () => {
    const key = keyIn('third-key');
    put({ keyId: 'third', key }, signedWithOld(inSeconds(3_600)));
    const expiring = await rotate();
    assert.deepEqual([expiring.step, expiring.commands], ['await-others', [AGAIN]]);
    put({ keyId: 'third', key }, signedWithOld(inSeconds(-86_400 * 365)));
    assert.equal((await rotate()).step, 'finish');
  });

  it('waits for one that signs again with it, whatever signed before', async () => {
    put({ keyId: 'old', key: keyIn('my-key') }, { keyId: 'third', issuer: ISSUER });
    assert.deepEqual((await rotate()).sharedWith, ['science/sharing']);
  });

  it('is not held by one of another namespace that has a key of the same name, below the same issuer', async () => {
    const other = JSON.stringify({ ...publicJwk, x: 'other', kid: 'old' });
    const retired = { publicKey: other, expiresAt: formatTime(inSeconds(86_400)), issuer: ISSUER };
    const status = signedWithOld(inSeconds(86_400), {
      keyThumbprint: 'other',
      publicKey: other,
      retiredKeys: [retired],
    });
    rotating.begin(known);
    put({ keyId: 'old', key: keyIn('own-key') }, status, { namespace: 'foreign' });
    const { step, sharedWith, notes } = await rotate();
    assert.deepEqual([step, sharedWith], ['finish', []]);
    assert.doesNotMatch(notes.join(), /foreign/);
  });

  it('is not held by one of another namespace that names the key and may not sign with it', async () => {
    rotating.begin(known);
    const key = { secret: { name: 'my-key', key: 'key.pem', namespace: 'science' } };
    put({ keyId: 'old', key }, {}, { namespace: 'foreign' });
    const { step, sharedWith, commands } = await rotate();
    assert.deepEqual([step, sharedWith, commands], ['finish', [], [UNPUBLISH]]);
  });

  it('is held by one of another namespace that signs with it', async () => {
    rotating.begin(known);
    put({ keyId: 'old', key: keyIn('copy') }, signedWithOld(inSeconds(60)), { namespace: 'friendly' });
    const { step, sharedWith } = await rotate();
    assert.deepEqual([step, sharedWith], ['await-others', ['friendly/sharing']]);
  });

  it('says how to end it without them', async () => {
    share('old');
    const { notes } = await rotate();
    assert.ok(notes.includes(`to end this rotation without them: ${AGAIN} --force`), notes.join('\n'));
  });

  it('is over by force, and then says until when the old key is needed for the tokens of others', async () => {
    const until = inSeconds(3_600);
    share('new', until);
    const { step, until: limit, commands } = await rotate('--force');
    assert.deepEqual([step, limit], ['finish', formatTime(until + MIN_WAIT)]);
    assert.equal(commands[0], `${UNPUBLISH} --force`);
  });

  it('does not say by force that the old key can be removed while another signs with it', async () => {
    share('old');
    const { out } = await rotating.api.run(rotateCommand, 'my-jwt', '-n', 'science', '--force');
    assert.match(out, /^6\. done by force: keep the old key as long as other JWTs need it;/m);
    assert.doesNotMatch(out, /the old key can be removed/);
  });

  it('prints what gives them the new key as soon as that is published and signs', async () => {
    share('old');
    const switchedAt = inSeconds(-1);
    rotating.begin({ ...made, switchedAt, publishedAt: inSeconds(-3_600) });
    const { step, commands } = await rotate();
    assert.deepEqual([step, commands.length, commands[1]], ['keep-old', 2, AGAIN]);
    assert.match(commands[0], /^kubectl patch jwt sharing -n science /);
    rotating.begin({ ...made, switchedAt });
    assert.doesNotMatch((await rotate()).commands.join(), /jwt sharing/);
  });
});
