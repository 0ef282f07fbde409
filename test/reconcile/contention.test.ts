import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeContention, findContenders, isAskedFor } from '../../src/reconcile/contention.ts';
import { makeJwt } from '../fixtures/jwts.ts';

describe('the list of others who change a Secret', () => {
  const wrote = (manager: unknown, time?: unknown): object => ({ manager, operation: 'Update', time });
  const found = (...managedFields: readonly unknown[]): readonly string[] =>
    findContenders({ metadata: { managedFields } });

  it('has every field manager except ours, the last writer first', () => {
    const managers = found(
      wrote('argocd', '2027-01-15T08:00:00Z'),
      wrote('jwt-injector', '2027-01-15T08:00:03Z'),
      wrote('kubectl-edit', '2027-01-15T08:00:02Z'),
      wrote('undated'),
    );
    assert.deepEqual(managers, ['kubectl-edit', 'argocd', 'undated']);
  });

  it('has the order of the entries where times are the same', () => {
    assert.deepEqual(found(wrote('b', '1'), wrote('a', '1'), wrote('c', '1')), ['b', 'a', 'c']);
  });

  it('has each manager once, however many entries it has', () => {
    assert.deepEqual(found(wrote('b', '2'), wrote('a', '3'), wrote('b', '1'), wrote('a', '0')), ['a', 'b']);
  });

  it('has at most three short names without odd characters: their owners choose them', () => {
    assert.deepEqual(found(wrote('a', '4'), wrote('b', '3'), wrote('c', '2'), wrote('d', '1')), [
      'a',
      'b',
      'c',
    ]);
    assert.deepEqual(found(wrote('x'.repeat(65))), ['x'.repeat(64)]);
    assert.deepEqual(found(wrote('Go-http-client/1.1 a_b:c@d.e')), ['Go-http-client/1.1 a_b:c@d.e']);
    assert.deepEqual(found(wrote('a\n"$(rm)é')), ['a????rm??']);
  });

  it('is empty if none is recorded', () => {
    assert.deepEqual(found(wrote(''), wrote(7), wrote(undefined), 'junk', null), []);
    for (const secret of [
      undefined,
      null,
      'text',
      {},
      { metadata: {} },
      { metadata: { managedFields: 'x' } },
    ])
      assert.deepEqual(findContenders(secret), []);
  });
});

describe('the condition of a Secret that others keep changing', () => {
  const jwt = makeJwt();
  const contended = (message: string) =>
    makeJwt({}, { status: { conditions: [{ type: 'Contended', status: 'True', message }] } });

  it('names the managers, the consequences, and how to find out more', () => {
    const { reason, message } = describeContention(jwt, ['argocd', 'kubectl edit']);
    assert.equal(reason, 'Contended');
    assert.match(message, /^somebody else keeps changing or deleting Secret my-jwt /);
    assert.match(message, /\(field managers seen: "argocd", "kubectl edit"\)/);
    assert.match(message, /written again at longer and longer intervals, up to 5 min/);
    assert.match(message, /kubectl get secret my-jwt -n science -o yaml --show-managed-fields/);
  });

  it('reports if none is recorded', () => {
    assert.match(describeContention(jwt, []).message, /\(field managers seen: none recorded\)/);
  });

  it('accuses nobody of changing the Secret where the JWT or its key was changed', () => {
    assert.equal(
      describeContention(jwt, 'author').message,
      'the JWT, or its key, keeps changing, so its token is signed again at longer and longer intervals, up to 5 min: find ' +
        'out who changes them (kubectl get jwt my-jwt -n science -o yaml --show-managed-fields), and have them wait for a ' +
        'few minutes between changes',
    );
  });

  it('keeps the message of an earlier process, as long as this one has seen nothing itself', () => {
    assert.deepEqual(describeContention(contended('as it was'), 'recorded'), {
      reason: 'Contended',
      message: 'as it was',
    });
    assert.match(describeContention(contended('as it was'), ['argocd']).message, /"argocd"/);
    assert.deepEqual(
      describeContention(jwt, 'recorded'),
      describeContention(jwt, []),
      'nothing was recorded',
    );
  });
});

describe('a write of the Secret', () => {
  const published = makeJwt({}, { status: { observedGeneration: 1, tokenId: 'the-jti' } });

  it('is asked for by a new JWT, by its new spec, by a new key, and by a request for a renewal', () => {
    const missing = { do: 'sign', cause: 'SecretMissing' } as const;
    assert.equal(isAskedFor(missing, { jwt: makeJwt() }), true);
    for (const cause of ['KeyChanged', 'RenewRequested'] as const)
      assert.equal(isAskedFor({ do: 'sign', cause }, { jwt: published }), true);
    const edited = { ...published, generation: 2 };
    for (const plan of [{ do: 'sign', cause: 'ClaimsMismatch' }, { do: 'repair' }, { do: 'disown' }] as const)
      assert.equal(isAskedFor(plan, { jwt: edited }), true);
  });

  it('is not asked for where the Secret was deleted or changed', () => {
    const held = makeJwt({}, { status: { observedGeneration: 1, keyThumbprint: 'of the token before' } });
    assert.equal(isAskedFor({ do: 'sign', cause: 'SecretMissing' }, { jwt: held }), false, 'after a wait');
    for (const cause of ['SecretMissing', 'TokenMissing', 'ClaimsMismatch', 'SignatureInvalid'] as const)
      assert.equal(isAskedFor({ do: 'sign', cause }, { jwt: published }), false);
    for (const plan of [{ do: 'repair' }, { do: 'disown' }] as const)
      assert.equal(isAskedFor(plan, { jwt: published }), false);
  });
});
