import { SignJWT } from 'jose';
import type { Loose } from '../integration/objects.ts';
import { makeKey } from '../fixtures/keys.ts';
import type { Fault } from './fault.ts';
import type { TrackedJwt } from './tracked-jwt.ts';
import { EXPIRES_AT, isInOrder, MANAGED, NAMED, SIGNED_AT } from './in-order.ts';
import { annotate, encode, TRIES, type Victim } from './victim.ts';

interface Way {
  readonly name: string;
  readonly title: string;
  readonly harm: (victim: Victim) => Promise<unknown>;
  /** `new`: a new token is made. `same`: what is around the token is corrected, and the token stays. */
  readonly token: 'new' | 'same';
}

const putToken = ({ jwt }: Victim, text: string): Promise<void> =>
  jwt.patchSecret({ data: { token: encode(text) } });

/** A token as the service would sign it, with these claims changed. */
async function forge({ jwt, key }: Victim, change: Loose): Promise<string> {
  const { claims, header } = jwt.token ?? { claims: {}, header: {} };
  return new SignJWT({ ...claims, ...change }).setProtectedHeader(header).sign(key);
}

const now = (): number => Math.floor(Date.now() / 1000);

/** Changes that are corrected without a report. */
const REPAIRED: readonly Way[] = [
  { name: 'deleted', title: 'deleted', harm: ({ jwt }) => jwt.removeSecret(), token: 'new' },
  { name: 'emptied', title: 'emptied', harm: ({ jwt }) => jwt.patchSecret({ data: null }), token: 'new' },
  { name: 'blank', title: 'token is an empty text', harm: (victim) => putToken(victim, ''), token: 'new' },
  {
    name: 'garbage',
    title: 'token is garbage',
    harm: (victim) => putToken(victim, 'no token'),
    token: 'new',
  },
  {
    name: 'cut-short',
    title: 'the signature lacks its end',
    harm: (victim) => putToken(victim, victim.jwt.text.slice(0, -8)),
    token: 'new',
  },
  {
    name: 'of-another-jwt',
    title: 'token of another JWT',
    harm: async (victim) => putToken(victim, (await victim.ground.sign('another')).text),
    token: 'new',
  },
  {
    name: 'other-key',
    title: 'same claims, signed by another key',
    harm: async (victim) => putToken(victim, await forge({ ...victim, key: makeKey('ES256') }, {})),
    token: 'new',
  },
  {
    name: 'other-claims',
    title: 'other claims, signed by the right key',
    harm: async (victim) => putToken(victim, await forge(victim, { scope: 'storage.modify:/' })),
    token: 'new',
  },
  {
    name: 'expired',
    title: 'an expired token by hand, signed by the right key',
    harm: async (victim) => {
      const iat = now() - 2 * 86_400;
      await putToken(victim, await forge(victim, { iat, nbf: iat, exp: iat + 86_400 + 60 }));
    },
    token: 'new',
  },
  {
    name: 'annotations-removed',
    title: 'both annotations removed',
    harm: (victim) => annotate(victim, { [SIGNED_AT]: null, [EXPIRES_AT]: null }),
    token: 'same',
  },
  {
    name: 'signed-at-nan',
    title: 'last-signing-time is NaN',
    harm: (victim) => annotate(victim, { [SIGNED_AT]: 'NaN' }),
    token: 'same',
  },
  {
    name: 'signed-at-9999',
    title: 'last-signing-time is in the year 9999',
    harm: (victim) => annotate(victim, { [SIGNED_AT]: '253370764800' }),
    token: 'same',
  },
  {
    name: 'expires-9999',
    title: 'expires-at is in the year 9999',
    harm: (victim) => annotate(victim, { [EXPIRES_AT]: '9999-01-01T00:00:00Z' }),
    token: 'same',
  },
  {
    name: 'label-removed',
    title: 'our label removed',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { labels: { [MANAGED]: null } } }),
    token: 'same',
  },
  {
    name: 'labels-stripped',
    title: 'all labels stripped',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { labels: null } }),
    token: 'same',
  },
  {
    name: 'label-and-token',
    title: 'our label removed and the token garbage, in one write',
    harm: ({ jwt }) =>
      jwt.patchSecret({ metadata: { labels: { [MANAGED]: 'false' } }, data: { token: encode('x') } }),
    token: 'new',
  },
  {
    name: 'owner-removed',
    title: 'owner reference removed',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { ownerReferences: null } }),
    token: 'same',
  },
  {
    name: 'name-of-another',
    title: 'named as the Secret of a JWT in another namespace, though its owner is ours',
    harm: (victim) => annotate(victim, { [NAMED]: 'elsewhere/victim' }),
    token: 'same',
  },
  {
    name: 'owner-not-controller',
    title: 'owner reference without controller (and with blockOwnerDeletion, which stays theirs)',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { ownerReferences: [blockingOwner(jwt)] } }),
    token: 'same',
  },
];

function blockingOwner({ secret }: TrackedJwt): Loose {
  const { controller: _controller, ...owner } = secret?.metadata.ownerReferences[0] ?? {};
  return { ...owner, blockOwnerDeletion: true };
}

export const VANDALISM: readonly Fault[] = REPAIRED.map(({ name, title, harm, token }) => ({
  name: `secret-${name}`,
  title: `Secret vandalised: ${title}`,
  isLocal: true,
  tries: TRIES,
  play: async (ground) => {
    const key = makeKey('ES256');
    const jwt = await ground.sign('victim', { key, isShared: token === 'new' });
    const before = jwt.text;
    const isFixed = (): boolean =>
      (token === 'new' ? jwt.isRenewed(before) : jwt.text === before) && isInOrder(jwt);
    await jwt.endure(`fixed after: ${title}`, { harm: () => harm({ ground, jwt, key }), until: isFixed });
  },
}));
