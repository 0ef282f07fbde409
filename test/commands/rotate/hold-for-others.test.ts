import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { toSeconds } from '../../../src/time/units.ts';
import { formatTime } from '../../../src/time/format-time.ts';
import { MIN_WAIT } from '../../../src/commands/rotate/next-step.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import type { Loose } from '../../integration/objects.ts';
import { ISSUER, JWT, keyText, REMOVES_KEY, startRotating, switched, type Rotating } from './rotating.ts';

const UNPUBLISH = 'jwt-injector jwks my-jwt -n science --dir DIR --remove=old';
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
  const share = (keyId: string, retiredUntil?: number): void => {
    const metadata = { name: 'sharing' };
    const key = { secret: { name: keyId === 'old' ? 'my-key' : 'my-jwt-key-00000000', key: 'key.pem' } };
    const expiresAt = formatTime(retiredUntil ?? 0);
    const retiredKeys =
      retiredUntil === undefined ? [] : [{ publicKey: keyText('old'), expiresAt, issuer: ISSUER }];
    const status = { keyId, issuer: ISSUER, retiredKeys };
    rotating.api.objects.set(JWT.replace('my-jwt', 'sharing'), wireJwt({ keyId, key }, { metadata, status }));
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
});
