import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeyCache } from '../../src/loop/key-cache.ts';
import { readMissing, observe, type Observer } from '../../src/loop/observe.ts';
import type { KeyObservation } from '../../src/reconcile/observed.ts';
import { planNext } from '../../src/reconcile/plan.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { ALLOWED_NAMESPACES, RESERVED_POLICIES } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { makeKey, NRP_KEY, toPem } from '../fixtures/keys.ts';
import { NOW } from '../fixtures/observed.ts';
import { makeSources, wireSecret } from './model/sources.ts';

const SPEC = { key: { secret: { name: 'k', key: 'key.pem', namespace: 'vault' } } };
const granted = makeJwt(SPEC);
const notGranted = makeJwt(SPEC, { metadata: { namespace: 'other', uid: 'other' } });
const keySecret = (grants: string, version = '5', more: object = {}, key = NRP_KEY) =>
  wireSecret(
    'k',
    { 'key.pem': key },
    { namespace: 'vault', resourceVersion: version, annotations: { [ALLOWED_NAMESPACES]: grants, ...more } },
  );
const AVAILABLE = {
  type: 'KeyAvailable',
  status: 'True',
  reason: 'Signed',
  message: '',
  lastTransitionTime: NOW,
} as const;
/** A list that includes namespace science among many. */
const LONG = `${Array.from({ length: 100 }, (_, number) => `team-${number}`).join(', ')}, science`;

/** What a round observes about the key of a JWT, after it read what its plan requires. */
async function lookForKey({ observer }: { readonly observer: Observer }, jwt: Jwt): Promise<KeyObservation> {
  const observed = await observe(observer, jwt, {}, NOW);
  const plan = planNext(observed, NOW);
  if (plan.do !== 'read' || plan.what !== 'key') return observed.key;
  return (await readMissing(observer, observed, 'key', {})).key ?? observed.key;
}

describe('a list of granted namespaces that is too long for the caches', () => {
  it('is read with the key, which is used if it is granted', async () => {
    const sources = makeSources([keySecret(LONG)]);
    const key = await lookForKey(sources, granted);
    assert.ok(key.state === 'read' && key.version === 'uid-k/5/key.pem');
    assert.deepEqual(sources.reads, ['vault/k']);
  });

  it('refuses the others permanently, with the message for a missing key', async () => {
    const [refused, absent] = await Promise.all([
      lookForKey(makeSources([keySecret(LONG)]), notGranted),
      lookForKey(makeSources([]), notGranted),
    ]);
    assert.ok(refused.state === 'unavailable' && refused.problem.reason === 'KeyNotGranted');
    assert.deepEqual(refused, absent);
  });

  describe('does not reveal that the Secret exists to a JWT without a grant', () => {
    /** The key as a JWT observes it whose first read of the key Secret fails. */
    const lookInTrouble = async (
      jwt: Jwt,
      sources = makeSources([keySecret(LONG)]),
    ): Promise<KeyObservation> => {
      const readSecret = () => Promise.reject(new Error('get secrets vault/k: 429 TooManyRequests'));
      const observer = { ...sources.observer, sources: { ...sources.observer.sources, readSecret } };
      return lookForKey({ observer }, jwt);
    };

    it('if the read of it fails; it is tried again soon', async () => {
      const absent = await lookForKey(makeSources([]), notGranted);
      assert.ok(absent.state === 'unavailable');
      for (const jwt of [notGranted, granted]) {
        const found = await lookInTrouble(jwt);
        assert.ok(found.state === 'unavailable' && found.isDisputed === true);
        assert.equal(found.problem.reason, 'KeyNotGranted');
      }
      const found = await lookInTrouble(notGranted);
      assert.deepEqual(found, { ...absent, isDisputed: true });
    });

    it('but to a JWT that has signed with a key in it the failure is reported', async () => {
      const used = { ...granted, recorded: { ...granted.recorded, keyVersion: 'uid-k/4/key.pem' } };
      await assert.rejects(lookInTrouble(used), /429/);
    });
  });

  it('is read before anything is reported for a JWT: without a grant, the existence of the key is not revealed', async () => {
    const foreign = wireSecret('my-jwt', { token: 'x' }, { namespace: 'other' });
    const { observer } = makeSources([keySecret(LONG), foreign]);
    const observed = await observe(observer, notGranted, {}, NOW);
    assert.deepEqual(planNext(observed, NOW), { do: 'read', what: 'key' });
    const known = await readMissing(observer, observed, 'key', {});
    const plan = planNext(await observe(observer, notGranted, known, NOW), NOW);
    assert.ok(plan.do === 'report' && plan.problem.reason === 'SecretConflict');
  });

  it('is not read again as long as its version does not change', async () => {
    const used = { ...granted, recorded: { ...granted.recorded, keyVersion: 'uid-k/5/key.pem' } };
    const seen = (version: string) =>
      observe(makeSources([keySecret(LONG, version)]).observer, used, {}, NOW);
    assert.deepEqual((await seen('5')).key, { state: 'unread', version: 'uid-k/5/key.pem' });
    assert.deepEqual((await seen('6')).key, {
      state: 'unread',
      version: 'uid-k/6/key.pem',
      isGrantUnread: true,
    });
  });

  it('does not matter in the namespace of the key, nor if a policy refuses', async () => {
    const inside = makeJwt(SPEC, { metadata: { namespace: 'vault', uid: 'inside' } });
    const { key } = await observe(makeSources([keySecret(LONG)]).observer, inside, {}, NOW);
    assert.deepEqual(key, { state: 'unread', version: 'uid-k/5/key.pem' });
    const [policy] = RESERVED_POLICIES;
    const limited = makeSources([keySecret(LONG, '5', { [policy]: 'x' })]);
    const refused = (await observe(limited.observer, granted, {}, NOW)).key;
    assert.ok(refused.state === 'unavailable' && refused.problem.reason === 'PolicyDenied');
  });

  it('grants nothing if the annotation itself has the mark for such a list, nor beyond 16 KiB', async () => {
    for (const grants of ['(too long)', `${'x'.repeat(16_384)},science`]) {
      const key = await lookForKey(makeSources([keySecret(grants)]), granted);
      assert.ok(key.state === 'unavailable' && key.problem.reason === 'KeyNotGranted');
    }
  });
});

it('a refusal by the object is checked again if the caches have another version of it', async () => {
  const { observer } = makeSources([keySecret('science')], [keySecret('', '6')]);
  const observed = await observe(observer, granted, {}, NOW);
  const { key } = await readMissing(observer, observed, 'key', {});
  assert.ok(key?.state === 'unavailable' && key.isDisputed === true);
});

describe('a key in one of several namespaces, whose Secrets are not listed yet', () => {
  const recorded: Jwt['recorded'] = {
    ...granted.recorded,
    keyVersion: 'uid-k/5/key.pem',
    conditions: [{ ...AVAILABLE, observedGeneration: granted.generation }],
  };
  const unlisted = (stored: readonly JsonObject[], keyCache = new KeyCache()) => {
    const { observer, reads } = makeSources([], stored);
    const sources = { ...observer.sources, isListed: (namespace: string) => namespace !== 'vault' };
    return { observer: { ...observer, sources, keyCache }, reads };
  };

  it('has the state in the status until a token has to be signed', async () => {
    const { observer, reads } = unlisted([]);
    const { key } = await observe(observer, { ...granted, recorded }, {}, NOW);
    assert.deepEqual([key, reads], [{ state: 'unread', version: 'uid-k/5/key.pem', isUnlisted: true }, []]);
  });

  it('is read at once if the status does not mention it, or is about an earlier spec', async () => {
    for (const jwt of [granted, { ...granted, recorded, generation: granted.generation + 1 }]) {
      const sources = unlisted([keySecret('science')]);
      const key = await lookForKey(sources, jwt);
      assert.ok(key.state === 'read' && key.version === 'uid-k/5/key.pem');
      assert.deepEqual(sources.reads, ['vault/k']);
    }
  });

  it('is not used without a grant, and soon read again', async () => {
    for (const stored of [[], [keySecret('other')]]) {
      const key = await lookForKey(unlisted(stored), granted);
      assert.ok(key.state === 'unavailable' && key.problem.reason === 'KeyNotGranted');
      assert.equal(key.isDisputed, true);
    }
  });

  it('is read each time, as only the object has its present grants and content', async () => {
    const keyCache = new KeyCache();
    const look = (stored: JsonObject, jwt: Jwt) => lookForKey(unlisted([stored], keyCache), jwt);
    const first = await look(keySecret('science'), granted);
    assert.ok(first.state === 'read');
    const revoked = await look(keySecret('other', '6'), granted);
    assert.ok(revoked.state === 'unavailable' && revoked.problem.reason === 'KeyNotGranted');
    const grantedNow = await look(keySecret('other', '6'), notGranted);
    assert.ok(grantedNow.state === 'read' && grantedNow.version === 'uid-k/6/key.pem');
    const next = await look(keySecret('science', '7', {}, toPem(makeKey('ES256'))), granted);
    assert.ok(next.state === 'read' && next.key.thumbprint !== first.key.thumbprint);
  });

  it('that is proved by the status is read again before it signs', async () => {
    const keyCache = new KeyCache();
    const read = async (version: string) => {
      const { observer } = unlisted([keySecret('science', version)], keyCache);
      const observed = await observe(observer, { ...granted, recorded }, {}, NOW);
      return (await readMissing(observer, observed, 'key', {})).key;
    };
    for (const version of ['5', '6']) {
      const key = await read(version);
      assert.ok(key?.state === 'read' && key.version === `uid-k/${version}/key.pem`);
    }
  });

  it('is never taken from the memory of an earlier time, if its namespace is listed while it is read', async () => {
    const keyCache = new KeyCache();
    const read = async (stored: JsonObject) => {
      const { observer } = unlisted([stored], keyCache);
      const observed = await observe(observer, granted, {}, NOW);
      const sources = { ...observer.sources, isListed: () => true };
      return (await readMissing({ ...observer, sources }, observed, 'key', {})).key;
    };
    const first = await read(keySecret('science'));
    assert.ok(first?.state === 'read' && first.version === 'uid-k/5/key.pem');
    const revoked = await read(keySecret('other', '6'));
    assert.ok(revoked?.state === 'unavailable' && revoked.problem.reason === 'KeyNotGranted');
  });

  it('is parsed once for each version', async () => {
    const keyCache = new KeyCache();
    const look = () => lookForKey(unlisted([keySecret('science')], keyCache), granted);
    const [first, second] = [await look(), await look()];
    assert.ok(first.state === 'read' && second.state === 'read' && first.key === second.key);
  });
});
