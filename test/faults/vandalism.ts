import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Loose } from '../integration/objects.ts';
import { makeKey } from '../fixtures/keys.ts';
import { pathOf } from './api.ts';
import type { Fault } from './fault.ts';
import type { Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** The Secret of a JWT that is about to be vandalised, and what it takes to make tokens of its key. */
interface Victim {
  readonly ground: Ground;
  readonly jwt: TrackedJwt;
  readonly key: KeyObject;
}

interface Way {
  readonly name: string;
  readonly title: string;
  readonly harm: (victim: Victim) => Promise<unknown>;
  /** `new`: another token comes. `same`: what is around the token is put right, the token stays. */
  readonly mended: 'new' | 'same';
}

const MANAGED = 'tokens.osg-htc.org/managed';
const SIGNED_AT = 'tokens.osg-htc.org/last-signing-time';
const EXPIRES_AT = 'tokens.osg-htc.org/expires-at';

const encode = (text: string): string => Buffer.from(text).toString('base64');
const putToken = ({ jwt }: Victim, text: string): Promise<void> =>
  jwt.patchSecret({ data: { token: encode(text) } });
const annotate = ({ jwt }: Victim, annotations: Loose): Promise<void> =>
  jwt.patchSecret({ metadata: { annotations } });

/** A token as the service would sign it, but for these claims. */
async function forge({ jwt, key }: Victim, change: Loose): Promise<string> {
  const { claims, header } = jwt.token ?? { claims: {}, header: {} };
  return new SignJWT({ ...claims, ...change }).setProtectedHeader(header).sign(key);
}

const now = (): number => Math.floor(Date.now() / 1000);

/** Fault 13 of the lifecycle study: what is put right without a word. */
const MENDED: readonly Way[] = [
  { name: 'deleted', title: 'deleted', harm: ({ jwt }) => jwt.removeSecret(), mended: 'new' },
  { name: 'emptied', title: 'emptied', harm: ({ jwt }) => jwt.patchSecret({ data: null }), mended: 'new' },
  { name: 'blank', title: 'token is an empty text', harm: (victim) => putToken(victim, ''), mended: 'new' },
  {
    name: 'garbage',
    title: 'token is garbage',
    harm: (victim) => putToken(victim, 'no token'),
    mended: 'new',
  },
  {
    name: 'cut-short',
    title: 'the signature lacks its end',
    harm: (victim) => putToken(victim, victim.jwt.text.slice(0, -8)),
    mended: 'new',
  },
  {
    name: 'of-another-jwt',
    title: 'token of another JWT',
    harm: async (victim) => putToken(victim, (await victim.ground.sign('another')).text),
    mended: 'new',
  },
  {
    name: 'other-key',
    title: 'same claims, signed by another key',
    harm: async (victim) => putToken(victim, await forge({ ...victim, key: makeKey('ES256') }, {})),
    mended: 'new',
  },
  {
    name: 'other-claims',
    title: 'other claims, signed by the right key',
    harm: async (victim) => putToken(victim, await forge(victim, { scope: 'storage.modify:/' })),
    mended: 'new',
  },
  {
    name: 'expired',
    title: 'an expired token by hand, signed by the right key',
    harm: async (victim) => {
      const iat = now() - 2 * 86_400;
      await putToken(victim, await forge(victim, { iat, nbf: iat, exp: iat + 86_400 + 60 }));
    },
    mended: 'new',
  },
  {
    name: 'annotations-removed',
    title: 'both annotations removed',
    harm: (victim) => annotate(victim, { [SIGNED_AT]: null, [EXPIRES_AT]: null }),
    mended: 'same',
  },
  {
    name: 'signed-at-nan',
    title: 'last-signing-time is NaN',
    harm: (victim) => annotate(victim, { [SIGNED_AT]: 'NaN' }),
    mended: 'same',
  },
  {
    name: 'signed-at-9999',
    title: 'last-signing-time is in the year 9999',
    harm: (victim) => annotate(victim, { [SIGNED_AT]: '253370764800' }),
    mended: 'same',
  },
  {
    name: 'expires-9999',
    title: 'expires-at is in the year 9999',
    harm: (victim) => annotate(victim, { [EXPIRES_AT]: '9999-01-01T00:00:00Z' }),
    mended: 'same',
  },
  {
    name: 'label-removed',
    title: 'our label removed',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { labels: { [MANAGED]: null } } }),
    mended: 'same',
  },
  {
    name: 'labels-stripped',
    title: 'all labels stripped',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { labels: null } }),
    mended: 'same',
  },
  {
    name: 'label-and-token',
    title: 'our label removed and the token garbage, in one write',
    harm: ({ jwt }) =>
      jwt.patchSecret({ metadata: { labels: { [MANAGED]: 'false' } }, data: { token: encode('x') } }),
    mended: 'new',
  },
  {
    name: 'owner-removed',
    title: 'owner reference removed',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { ownerReferences: null } }),
    mended: 'same',
  },
  {
    name: 'owner-blocking',
    title: 'owner reference with blockOwnerDeletion and without controller',
    harm: ({ jwt }) => jwt.patchSecret({ metadata: { ownerReferences: [blockingOwner(jwt)] } }),
    mended: 'same',
  },
];

function blockingOwner({ secret }: TrackedJwt): Loose {
  const { controller: _controller, ...owner } = secret?.metadata.ownerReferences[0] ?? {};
  return { ...owner, blockOwnerDeletion: true };
}

/** Everything around the token is as the contract says. */
function isInOrder({ secret, token, jwt }: TrackedJwt): boolean {
  const { labels = {}, annotations = {}, ownerReferences = [] } = secret?.metadata ?? {};
  const [owner] = ownerReferences;
  return (
    labels[MANAGED] === 'true' &&
    labels['app.kubernetes.io/managed-by'] === 'jwt-injector' &&
    Date.parse(annotations[EXPIRES_AT] ?? '') === (token?.claims.exp ?? 0) * 1000 &&
    Number(annotations[SIGNED_AT]) === (token?.claims.iat ?? 0) + 60 &&
    owner?.uid === jwt?.metadata.uid &&
    owner.controller === true
  );
}

const TRIES = { short: 1, full: 3 };

export const VANDALISM: readonly Fault[] = MENDED.map(({ name, title, harm, mended }) => ({
  name: `secret-${name}`,
  title: `Secret vandalised: ${title}`,
  isLocal: true,
  tries: TRIES,
  play: async (ground) => {
    const key = makeKey('ES256');
    const jwt = await ground.sign('victim', { key });
    const before = jwt.text;
    const isMended = (): boolean =>
      (mended === 'new' ? jwt.isRenewed(before) : jwt.text === before) && isInOrder(jwt);
    await jwt.endure(`mended after: ${title}`, { harm: () => harm({ ground, jwt, key }), until: isMended });
  },
}));

/** What cannot be put right, or is not ours to: a condition must say precisely what, and nothing is touched. */
interface Plight {
  readonly name: string;
  readonly title: string;
  readonly harm: (victim: Victim) => Promise<unknown>;
  readonly reason: string;
  /** What a person does about it. */
  readonly help: (victim: Victim) => Promise<unknown>;
  /** Causes for writes that harm and help give together. */
  readonly causes?: number;
}

/** An owner that exists: what an absent one owns is collected. */
async function giveToOther({ ground, jwt }: Victim): Promise<void> {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner' };
  const stored = await ground.arena.api.create(pathOf('configmaps', ground.namespace), {
    metadata: { name: owner.name },
  });
  await jwt.patchSecret({
    metadata: { ownerReferences: [{ ...owner, uid: stored.metadata.uid, controller: true }] },
  });
}

async function recreate({ ground, jwt }: Victim, metadata: Loose, rest: Loose): Promise<void> {
  await jwt.removeSecret();
  await ground.arena.api.create(pathOf('secrets', ground.namespace), {
    metadata: { name: jwt.name, ...metadata },
    ...rest,
  });
}

const TLS = {
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': encode('a certificate'), 'tls.key': encode('a key') },
};

const REPORTED: readonly Plight[] = [
  {
    name: 'owner-and-annotations-removed',
    title: 'owner reference and annotations removed: nothing tells that it is ours',
    harm: ({ jwt }) =>
      jwt.patchSecret({
        metadata: { ownerReferences: null, annotations: { [SIGNED_AT]: null, [EXPIRES_AT]: null } },
      }),
    reason: 'SecretConflict',
    help: (victim) => annotate(victim, { 'tokens.osg-htc.org/adopt': victim.jwt.name }),
  },
  {
    name: 'owner-replaced',
    title: 'another controller owns it',
    harm: giveToOther,
    reason: 'SecretConflict',
    help: ({ jwt }) => jwt.removeSecret(),
  },
  {
    name: 'type-changed',
    title: 'deleted and made anew as kubernetes.io/tls by somebody else',
    harm: (victim) => recreate(victim, {}, TLS),
    reason: 'SecretConflict',
    help: ({ jwt }) => jwt.removeSecret(),
    causes: 2, // it was gone for a moment
  },
  {
    name: 'type-changed-keeping-owner',
    title: 'deleted and made anew as kubernetes.io/tls with our owner reference',
    harm: (victim) => recreate(victim, { ownerReferences: victim.jwt.secret?.metadata.ownerReferences }, TLS),
    reason: 'WriteFailed',
    help: ({ jwt }) => jwt.removeSecret(),
    causes: 2,
  },
  {
    name: 'immutable',
    title: 'made immutable, with a garbage token',
    harm: ({ jwt }) => jwt.patchSecret({ immutable: true, data: { token: encode('garbage') } }),
    reason: 'WriteFailed',
    help: ({ jwt }) => jwt.removeSecret(),
  },
  {
    name: 'stuck-deleting',
    title: 'deleted with a foreign finalizer: it goes, and does not',
    harm: async ({ jwt }) => {
      await jwt.patchSecret({ metadata: { finalizers: ['example.org/wait'] } });
      await jwt.removeSecret();
    },
    reason: 'SecretConflict',
    help: ({ jwt }) => jwt.patchSecret({ metadata: { finalizers: null } }),
  },
];

export const PLIGHTS: readonly Fault[] = REPORTED.map(({ name, title, harm, reason, help, causes = 1 }) => ({
  name: `secret-${name}`,
  title: `Secret vandalised: ${title} (${reason} until somebody helps)`,
  isLocal: true,
  tries: TRIES,
  play: async (ground) => {
    const key = makeKey('ES256');
    const jwt = await ground.sign('victim', { key });
    const before = jwt.text;
    const victim = { ground, jwt, key };
    const forgive = jwt.excuse();
    await harm(victim);
    await jwt.waitFor(`the condition ${reason}`, () => jwt.says('Ready', 'False', reason));
    const isAdopted = (): boolean => jwt.text === before && jwt.says('Ready', 'True') && isInOrder(jwt);
    const isMended = (): boolean => isAdopted() || (jwt.isRenewed(before) && isInOrder(jwt));
    await jwt.endure(`mended after help: ${title}`, { harm: () => help(victim), until: isMended, causes });
    forgive();
  },
}));
