import { wireJwt } from '../fixtures/jwts.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { pathOf } from './api.ts';
import { ALONE, type Fault } from './fault.ts';
import type { Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

/** The garbage collector finds a new kind of object within half a minute. */
const COLLECTED_WITHIN_MS = 60_000;
const LOCAL = { isLocal: true, tries: { short: 1, full: 3 } } as const;

/** Throws if the namespace stays, with the reason. */
async function waitUntilNamespaceIsGone({ arena }: Ground, name: string): Promise<number> {
  const startedAt = performance.now();
  const path = `/api/v1/namespaces/${name}`;
  const isGone = async (): Promise<boolean> => (await arena.api.get(path)) === undefined;
  await waitUntil(`namespace ${name} to go`, COLLECTED_WITHIN_MS, isGone);
  return performance.now() - startedAt;
}

/** A namespace that will be deleted, with three JWTs that have their tokens. */
async function addNamespaceWithTokens(ground: Ground): Promise<string> {
  const namespace = await ground.addNamespace('going');
  const { api } = ground.arena;
  const { apiVersion, kind, spec } = wireJwt();
  for (const name of ['a', 'b', 'c']) {
    await api.create(pathOf('jwts', namespace), { apiVersion, kind, metadata: { name }, spec });
  }
  await waitUntil(
    'three tokens',
    20_000,
    async () => (await api.list(pathOf('secrets', namespace))).items.length === 3,
  );
  return namespace;
}

async function recreateAtOnce(ground: Ground, jwt: TrackedJwt): Promise<void> {
  const { api } = ground.arena;
  const { spec, metadata } = await api.get(jwt.path);
  const before = jwt.text;
  await jwt.endure('a Secret of the new JWT', {
    harm: async () => {
      const startedAt = performance.now();
      await api.remove(jwt.path);
      const { apiVersion, kind } = wireJwt();
      await api.create(pathOf('jwts', ground.namespace), {
        apiVersion,
        kind,
        metadata: { name: jwt.name },
        spec,
      });
      ground.note(`recreated after ${Math.round(performance.now() - startedAt)} ms`);
    },
    until: () => {
      const uid = jwt.secret?.metadata.ownerReferences?.[0]?.uid;
      return uid !== metadata.uid && uid === jwt.jwt?.metadata.uid && jwt.isRenewed(before);
    },
    withinMs: COLLECTED_WITHIN_MS,
  });
  const { uid } = jwt.secret.metadata;
  await ground.rest(2_000);
  if (jwt.secret?.metadata.uid !== uid)
    ground.fail('recovery', 'the Secret of the new JWT went with the old one');
}

function isOrphan({ secret }: TrackedJwt): boolean {
  return (secret?.metadata.ownerReferences ?? []).length === 0;
}

function deletedWith(policy: 'Foreground' | 'Background' | 'Orphan'): Fault {
  return {
    name: `jwt-deleted-${policy.toLowerCase()}`,
    title: `JWT deleted, ${policy.toLowerCase()}: ${policy === 'Orphan' ? 'the Secret stays' : 'the Secret goes'}, and nothing is written`,
    ...LOCAL,
    play: async (ground) => {
      const jwt = await ground.sign('leaving');
      const before = jwt.text;
      await ground.arena.api.remove(jwt.path, policy);
      await jwt.waitFor('the JWT to go', () => jwt.jwt === undefined, COLLECTED_WITHIN_MS);
      if (policy !== 'Orphan') {
        await jwt.waitFor('the Secret to go', () => jwt.secret === undefined, COLLECTED_WITHIN_MS);
        return;
      }
      await jwt.waitFor('an orphan', () => isOrphan(jwt));
      await ground.rest(1_000);
      if (jwt.text !== before) ground.fail('I4', 'the orphan was written');
    },
  };
}

/**
 * The watch of Secrets reports that the owner reference is gone before the watch of JWTs reports the
 * deletion.
 */
async function orphanUnseen(ground: Ground): Promise<void> {
  const { arena } = ground;
  const jwt = await ground.sign('leaving');
  const before = jwt.text;
  const { proxy } = arena.main();
  const end = proxy.rewrite((line, { path }) =>
    path.endsWith('/jwts') && line.includes(ground.namespace) ? [] : undefined,
  );
  try {
    await arena.api.remove(jwt.path, 'Orphan');
    await jwt.waitFor('an orphan', () => isOrphan(jwt), COLLECTED_WITHIN_MS);
    await ground.rest(2_000);
  } finally {
    ground.requireHarm(end());
    proxy.cutWatches(); // the watches resume where they were cut, so that the service gets the deletion
  }
  if (jwt.text !== before) ground.fail('I4', 'the orphan was written or deleted');
}

export const DELETIONS: readonly Fault[] = [
  {
    name: 'jwt-recreated-at-once',
    title:
      'JWT deleted and created again within 100 ms: the new one gets a Secret that is not collected with the old',
    ...LOCAL,
    play: async (ground) => {
      const jwt = await ground.sign('phoenix');
      for (let round = 0; round < (ground.short ? 1 : 3); round += 1) await recreateAtOnce(ground, jwt);
    },
  },
  deletedWith('Foreground'),
  deletedWith('Background'),
  deletedWith('Orphan'),
  {
    ...ALONE,
    name: 'orphan-unseen',
    title: 'JWT deleted, orphan, and its Secret changes before the deletion is reported: nothing is written',
    tries: { short: 1, full: 2 },
    play: orphanUnseen,
  },
  {
    name: 'jwt-stuck-deleting',
    title: 'JWT deleted but held by a finalizer, its Secret deleted: nothing is written any more',
    ...LOCAL,
    play: async (ground) => {
      const { api } = ground.arena;
      const jwt = await ground.sign('held');
      await api.merge(jwt.path, { metadata: { finalizers: ['example.org/wait'] } });
      await api.remove(jwt.path);
      await jwt.waitFor('a deletionTimestamp', () => jwt.jwt?.metadata.deletionTimestamp !== undefined);
      await jwt.removeSecret();
      await ground.rest(2_000);
      if (jwt.secret !== undefined)
        ground.fail('I4', 'the Secret of a JWT that is being deleted was written');
      await api.merge(jwt.path, { metadata: { finalizers: null } });
      await jwt.waitFor('the JWT to go', () => jwt.jwt === undefined);
    },
  },
  {
    name: 'namespace-deleted',
    title: 'namespace with JWTs deleted: it is removed, and the log has no warning about it',
    ...LOCAL,
    play: async (ground) => {
      const away = await addNamespaceWithTokens(ground);
      await ground.arena.api.remove(`/api/v1/namespaces/${away}`);
      ground.recovered(await waitUntilNamespaceIsGone(ground, away));
      const warnings = ground.arena
        .main()
        .service.logLines()
        .filter(({ level, namespace }) => namespace === away && (level === 'warn' || level === 'error'));
      if (warnings.length > 0)
        ground.fail('recovery', `${warnings.length} warnings: ${String(warnings[0]?.['msg'])}`);
    },
  },
  {
    name: 'namespace-deleted-while-stopped',
    title: 'namespace with JWTs deleted while the service is stopped: it is removed (I7)',
    isLocal: false,
    tries: { short: 1, full: 3 },
    play: async (ground) => {
      const away = await addNamespaceWithTokens(ground);
      await ground.arena.main().stop();
      await ground.arena.api.remove(`/api/v1/namespaces/${away}`);
      try {
        ground.recovered(await waitUntilNamespaceIsGone(ground, away));
      } catch (error) {
        ground.fail('I7', String(error));
      }
    },
  },
];
