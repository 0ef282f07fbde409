import { makeKey } from '../fixtures/keys.ts';
import type { Loose } from '../integration/objects.ts';
import { ApiRefusal, pathOf } from './api.ts';
import type { Fault } from './fault.ts';
import { EXPIRES_AT, isInOrder, NAMED, SIGNED_AT } from './in-order.ts';
import { annotate, encode, TRIES, type Victim } from './victim.ts';

/**
 * A problem that the service cannot or must not fix: a condition must describe it exactly, and nothing is
 * changed.
 */
interface ReportedProblem {
  readonly name: string;
  readonly title: string;
  readonly harm: (victim: Victim) => Promise<unknown>;
  readonly reason: string;
  /** The fix that a person makes. */
  readonly help: (victim: Victim) => Promise<unknown>;
  /** The number of writes that harm and fix together cause. */
  readonly causes?: number;
}

/** Adds an owner that exists: objects with missing owners are garbage collected. */
async function giveToOther({ ground, jwt }: Victim): Promise<void> {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner' };
  const stored = await ground.arena.api.create(pathOf('configmaps', ground.namespace), {
    metadata: { name: owner.name },
  });
  await jwt.patchSecret({
    metadata: { ownerReferences: [{ ...owner, uid: stored.metadata.uid, controller: true }] },
  });
}

async function recreate({ jwt }: Victim, metadata: Loose, rest: Loose): Promise<void> {
  for (;;) {
    await jwt.removeSecret();
    try {
      await jwt.createSecret(metadata, rest);
      return;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
      jwt.addCauses(); // the service was faster
    }
  }
}

const REST_MS = 1_000; // a needless write comes within some milliseconds after the report

const TLS = {
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': encode('a certificate'), 'tls.key': encode('a key') },
};

const PROBLEMS: readonly ReportedProblem[] = [
  {
    name: 'owner-and-annotations-removed',
    title: 'owner reference and annotations removed: nothing shows that it is ours',
    harm: ({ jwt }) =>
      jwt.patchSecret({
        metadata: {
          ownerReferences: null,
          annotations: { [NAMED]: null, [SIGNED_AT]: null, [EXPIRES_AT]: null },
        },
      }),
    reason: 'SecretConflict',
    help: (victim) => annotate(victim, { 'tokens.osg-htc.org/adopt': victim.jwt.name }),
  },
  {
    name: 'copy-of-another',
    title: 'deleted, and replaced by a copy of the Secret of a JWT in another namespace',
    harm: (victim) => {
      const { annotations, labels } = victim.jwt.secret?.metadata ?? {};
      const { data } = victim.jwt.secret ?? {};
      return recreate(
        victim,
        { labels, annotations: { ...annotations, [NAMED]: 'elsewhere/victim' } },
        { data },
      );
    },
    reason: 'SecretConflict',
    help: ({ jwt }) => jwt.removeSecret(),
    causes: 2,
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
    title: 'deleted and created again as kubernetes.io/tls by another user',
    harm: (victim) => recreate(victim, {}, TLS),
    reason: 'SecretConflict',
    help: ({ jwt }) => jwt.removeSecret(),
    causes: 2, // it was gone for a moment
  },
  {
    name: 'type-changed-keeping-owner',
    title: 'deleted and created again empty, of another type and with our owner reference',
    // With data in it, the reference would be removed, as the data must outlive the JWT.
    harm: (victim) =>
      recreate(
        victim,
        { ownerReferences: victim.jwt.secret?.metadata.ownerReferences },
        { type: 'example.org/other', data: {} },
      ),
    reason: 'WriteRefused',
    help: ({ jwt }) => jwt.removeSecret(),
    causes: 2,
  },
  {
    name: 'immutable',
    title: 'made immutable, with a garbage token',
    harm: ({ jwt }) => jwt.patchSecret({ immutable: true, data: { token: encode('garbage') } }),
    reason: 'WriteRefused',
    help: ({ jwt }) => jwt.removeSecret(),
  },
  {
    name: 'stuck-deleting',
    title: 'deleted with a foreign finalizer, which keeps it',
    harm: async ({ jwt }) => {
      await jwt.patchSecret({ metadata: { finalizers: ['example.org/wait'] } });
      await jwt.removeSecret();
    },
    reason: 'SecretConflict',
    help: ({ jwt }) => jwt.patchSecret({ metadata: { finalizers: null } }),
  },
];

export const REPORTED_PROBLEMS: readonly Fault[] = PROBLEMS.map(
  ({ name, title, harm, reason, help, causes = 1 }) => ({
    name: `secret-${name}`,
    title: `Secret vandalised: ${title} (${reason} until a person fixes it)`,
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
      await ground.rest(REST_MS);
      if (!jwt.isSecretUntouched()) ground.fail('I5', 'a Secret that only a person can help was written');
      const isAdopted = (): boolean => jwt.text === before && jwt.says('Ready', 'True') && isInOrder(jwt);
      const isFixed = (): boolean => isAdopted() || (jwt.isRenewed(before) && isInOrder(jwt));
      await jwt.endure(`fixed after help: ${title}`, { harm: () => help(victim), until: isFixed, causes });
      forgive();
    },
  }),
);
