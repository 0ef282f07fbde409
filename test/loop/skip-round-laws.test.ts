import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTokenSecret, type Observer, type SecretWithEvidence } from '../../src/loop/observe.ts';
import { reconcileJwt } from '../../src/loop/reconcile-jwt.ts';
import { skipRound } from '../../src/loop/skip-round.ts';
import type { WaitResult } from '../../src/queue/work.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { parseSecretMetadata, type SecretMetadata } from '../../src/resources/secret.ts';
import { makeJwt, NO_STATUS } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { TRIES } from '../fixtures/tries.ts';
import { makeReconciler, NEXT_ATTEMPT_AT, stored } from './made-reconciler.ts';
import { KEY_SECRET, WITH_KEY } from './model/sources.ts';

/** Each signs a token. */
const RUNS = Math.min(TRIES, 2_000);

/** The state that a look sees, in caches and memory. */
interface Scene {
  now: number;
  jwt: Jwt;
  secret: SecretWithEvidence | undefined;
  key: SecretMetadata | undefined;
  isListed: boolean;
  isCheckedSoon: boolean;
  readonly memory: ReturnType<typeof makeReconciler>['reconciler']['memory'];
  last: WaitResult | undefined;
}

const start = fc.record({
  /** In minutes. */
  lifetime: fc.integer({ min: 1, max: 120 }),
  resignBefore: fc.integer({ min: 1, max: 120 }),
  hasKeyInSecret: fc.boolean(),
  isChecked: fc.boolean(),
  /** Writes that nobody asked for: more than five make the Secret contended. */
  writes: fc.constantFrom(0, 0, 0, 1, 5, 7),
});

/** The signature of a token whose write had no answer. */
const SIGNATURE = {
  cause: 'RenewalDue',
  algorithm: 'ES256',
  keyId: 'k',
  tokenId: 'another',
  expiresAt: NOW,
  duration: 0,
  lateness: undefined,
} as const;

/** The changes between two looks. `amount`: seconds, or one of several variants. */
const EVENTS: Readonly<Record<string, (scene: Scene, amount: number) => void>> = {
  'time passes': (scene, amount) => (scene.now += amount),
  'something is nearly due': (scene, amount) => {
    const dueAt = (scene.last?.dueAt ?? 0) / 1_000;
    scene.now = Math.max(scene.now, dueAt - 1 + (amount % 3));
  },
  'the JWT is listed again': (scene) => (scene.jwt = { ...scene.jwt }),
  'the JWT changes': (scene, amount) => {
    const { jwt } = scene;
    const changes: readonly Partial<Jwt>[] = [
      { generation: jwt.generation + 1 },
      { annotations: { 'tokens.osg-htc.org/renew': `${amount}` } },
      { labels: { team: `${amount}` } },
      { recorded: { ...jwt.recorded, conditions: [] } },
      { isDeleting: true },
    ];
    scene.jwt = { ...jwt, ...changes[amount % changes.length] };
  },
  'the Secret is listed again': (scene) => {
    if (scene.secret !== undefined) scene.secret = { ...scene.secret };
  },
  'the Secret changes': (scene, amount) => {
    if (scene.secret === undefined) return;
    const { metadata, evidence } = scene.secret;
    const changed = [
      { ...scene.secret, evidence: undefined },
      { ...scene.secret, metadata: { ...metadata, labels: {} } },
      { ...scene.secret, metadata: { ...metadata, owners: [] }, evidence },
      undefined,
    ];
    scene.secret = changed[amount % changed.length];
  },
  'the signature is checked': ({ secret, jwt }, amount) => {
    const evidence = secret?.evidence;
    if (evidence?.unchecked === undefined) return;
    evidence.unchecked = undefined;
    if (amount % 3 === 1) evidence.verifiedBy = jwt.recorded.keyThumbprint;
    if (amount % 3 === 2) evidence.verifiedBy = 'a key that was recorded before';
    if (amount % 3 === 0) evidence.refutedBy = jwt.recorded.keyThumbprint;
  },
  'the check is given up': (scene) => (scene.isCheckedSoon = false),
  'the key changes': (scene, amount) => {
    const changed = [
      parseSecretMetadata(KEY_SECRET),
      { ...parseSecretMetadata(KEY_SECRET), resourceVersion: `${amount}` },
      undefined,
    ];
    scene.key = changed[amount % changed.length];
  },
  'the namespace is not listed': (scene) => (scene.isListed = !scene.isListed),
  'a write met a change': ({ memory, jwt }) => memory.conflicts.note(jwt.uid, 'jwt'),
  'a write was made': ({ memory, jwt, now }) => memory.budget.spend(jwt.uid, now, {}),
  'a token is being written': ({ memory, jwt }) => {
    const { namespace, name, uid } = jwt;
    const signed = { ...SIGNATURE, namespace, name, uid };
    memory.pending.note(jwt, signed, { ...jwt.recorded, tokenId: signed.tokenId });
    memory.pending.written(uid, signed.tokenId);
  },
};
/** These are rounds of the JWT, after which a look knows nothing of the one before. */
const ROUNDS: ReadonlySet<string> = new Set(['a write was made']);

const event = fc.record({ name: fc.constantFrom(...Object.keys(EVENTS)), amount: fc.nat(600) });

type Valued<T> = T extends fc.Arbitrary<infer V> ? V : never;

async function begin({
  lifetime,
  resignBefore,
  hasKeyInSecret,
  isChecked,
  writes,
}: Valued<typeof start>): Promise<Scene> {
  const key = hasKeyInSecret ? WITH_KEY : {};
  const times = { expiryTime: { minutes: lifetime }, resignBefore: { minutes: resignBefore } };
  const jwt = makeJwt({ ...key, ...times });
  const made = makeReconciler([KEY_SECRET]);
  await reconcileJwt(made.reconciler, jwt, NEXT_ATTEMPT_AT);
  const first = made.statuses[0] ?? NO_STATUS;
  const secret = stored(made.secrets[0]);
  const { memory } = made.reconciler;
  for (let write = 0; write < writes; write += 1) memory.budget.spend(jwt.uid, NOW, {});
  const second = makeReconciler([KEY_SECRET, secret]);
  await reconcileJwt({ ...second.reconciler, memory }, { ...jwt, recorded: first }, NEXT_ATTEMPT_AT);
  const recorded = second.statuses[0] ?? first; // it says if the Secret is contended
  return {
    now: NOW,
    jwt: { ...jwt, recorded },
    secret: parseTokenSecret(secret, isChecked ? recorded.keyThumbprint : undefined),
    key: parseSecretMetadata(KEY_SECRET),
    isListed: true,
    isCheckedSoon: true,
    memory,
    last: undefined,
  };
}

test('a look that knows the last one has the result of one that does not', async () => {
  const { observer: others, recorder } = makeReconciler([]).reconciler;
  let heldStill = 0;
  const play = async (started: Valued<typeof start>, events: readonly Valued<typeof event>[]) => {
    const scene = await begin(started);
    const observer: Observer = {
      ...others,
      isCheckedSoon: () => scene.isCheckedSoon,
      sources: {
        ...others.sources,
        isListed: () => scene.isListed,
        jwt: () => scene.jwt,
        tokenSecret: (_, name) => (name === scene.jwt.name ? scene.secret : undefined),
        secretMetadata: (_, name) => (name === 'k' ? scene.key : undefined),
      },
    };
    const looker = { observer, recorder, memory: scene.memory, now: () => scene.now * 1_000 };
    scene.last = skipRound(looker, scene.jwt);
    for (const { name, amount } of events) {
      EVENTS[name]?.(scene, amount);
      if (ROUNDS.has(name)) scene.last = undefined;
      const knowing = skipRound(looker, scene.jwt, scene.last);
      const whole = skipRound(looker, scene.jwt);
      assert.deepEqual(knowing, whole);
      if (knowing !== undefined && knowing === scene.last) heldStill += 1;
      scene.last = knowing ?? scene.last;
    }
  };
  await fc.assert(fc.asyncProperty(start, fc.array(event, { maxLength: 12 }), play), { numRuns: RUNS });
  assert.ok(heldStill > RUNS / 10, `only ${heldStill} looks were short`);
});
