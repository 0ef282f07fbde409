import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Observed } from '../../src/reconcile/observed.ts';
import { describeCause, findCause } from '../../src/reconcile/signature-cause.ts';
import { RENEW } from '../../src/resources/names.ts';
import { SIGNATURE_CAUSES, type SignatureCause } from '../../src/resources/reasons.ts';
import { renewalTime } from '../../src/signing/schedule.ts';
import { NOW, makeObserved, ourSecret, settled, settledJwt } from '../fixtures/observed.ts';

function causeOf(observed: Observed, now = NOW): SignatureCause | undefined {
  const { spec } = observed.jwt;
  assert.ok(spec.ok);
  return findCause({ observed, spec: spec.value, now });
}

describe('a new token is due', () => {
  it('from the moment of the planned renewal on', async () => {
    const observed = await settled();
    const { jwt, secret } = observed;
    assert.ok(jwt.spec.ok && secret?.token.state === 'valid');
    const planned = renewalTime(jwt.uid, secret.token.expiresAt, jwt.spec.value);
    assert.equal(causeOf(observed, planned - 1), undefined);
    assert.equal(causeOf(observed, planned), 'RenewalDue');
  });

  it('for no known reason if the present token was not read', async () => {
    const jwt = await settledJwt({}, { annotations: { [RENEW]: 'now' } });
    const secret = ourSecret(jwt, 0, { token: { state: 'unread' } });
    assert.equal(causeOf(makeObserved({ jwt, secret })), undefined);
  });

  it('when a user requests it with another value, but not when the request is removed', async () => {
    const served = async (annotations: Record<string, string>): Promise<Observed> => {
      const jwt = await settledJwt({}, { annotations });
      return settled(0, { jwt: { ...jwt, recorded: { ...jwt.recorded, lastRenew: '1' } } });
    };
    assert.equal(causeOf(await served({ [RENEW]: '1' })), undefined);
    assert.equal(causeOf(await served({ [RENEW]: '2' })), 'RenewRequested');
    assert.equal(causeOf(await served({ [RENEW]: '' })), 'RenewRequested');
    assert.equal(causeOf(await served({})), undefined);
  });
});

describe('the cause of a signature', () => {
  const words: Readonly<Record<SignatureCause, RegExp>> = {
    SecretMissing: /no Secret/,
    TokenMissing: /no data key "token", or an empty one/,
    TokenUnreadable: /no token that can be read/,
    Expired: /has expired/,
    HeaderMismatch: /key id or algorithm/,
    SignatureInvalid: /not signed with the key of this JWT/,
    ClaimsMismatch: /something else than the spec, or is not valid yet/,
    KeyChanged: /key is not the one of the token/,
    RenewRequested: /annotation tokens\.osg-htc\.org\/renew asks for it/,
    RenewalDue: /its renewal is due/,
  };
  for (const cause of SIGNATURE_CAUSES) {
    it(`is described with words that can follow "because": ${cause}`, () => {
      assert.match(describeCause(cause), words[cause]);
      assert.match(describeCause(cause), /^(?:the|its|there) .*[^.]$/);
    });
  }
});
