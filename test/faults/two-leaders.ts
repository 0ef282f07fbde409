import { pathOf } from './api.ts';
import { ALONE, type Fault } from './fault.ts';
import type { Ground } from './ground.ts';
import type { Player } from './player.ts';
import { askForRenewals, textsOf, waitForAll } from './renewals.ts';

/** A second process leads at the same time, with a Lease of another namespace. */
async function forceTwoLeaders(ground: Ground): Promise<void> {
  const { arena } = ground;
  const { api } = arena;
  const away = await ground.addNamespace('lease');
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await api.create(`${rbac}/namespaces/${away}/roles`, {
    metadata: { name: 'lease' },
    rules: [
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        verbs: ['get', 'list', 'watch', 'create', 'patch'],
      },
    ],
  });
  await api.create(`${rbac}/namespaces/${away}/rolebindings`, {
    metadata: { name: 'lease' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'lease' },
    subjects: [{ kind: 'ServiceAccount', name: 'jwt-injector', namespace: 'jwt-injector' }],
  });
  const second = await arena.startStandby({ args: [`--lease-namespace=${away}`] });
  await second.waitUntilLeading();
  const jwts = await ground.signMany('shared', ground.short ? 5 : 15);
  for (const jwt of jwts) jwt.addCauses(); // the first token, by the other leader
  const askedFor = await askForRenewals(jwts);
  for (const jwt of jwts) jwt.addCauses();
  await waitForAll(jwts, askedFor, 30_000);
  await Promise.all(jwts.map((jwt) => jwt.loseSecret({ causes: 2, withinMs: 20_000 })));
  await ground.rest(1_000);
  const texts = textsOf(jwts);
  await ground.rest(ground.short ? 2_000 : 4_000);
  if (jwts.some(({ text }, index) => text !== texts[index]))
    ground.fail('I4', 'the two leaders never come to rest');
  ground.note(
    `${countSecretWrites(arena.main(), ground)} and ${countSecretWrites(second, ground)} writes of Secrets`,
  );
}

function countSecretWrites(player: Player, { namespace }: Ground): number {
  const secrets = pathOf('secrets', namespace);
  return player.writes().filter(({ path, status }) => path.startsWith(secrets) && status > 0 && status < 300)
    .length;
}

/** Two replicas that lead at the same time. */
export const TWO_LEADERS: readonly Fault[] = [
  {
    ...ALONE,
    name: 'two-leaders',
    title: 'two leaders forced: valid tokens, at most one more write each, and rest',
    tries: { short: 1, full: 2 },
    play: forceTwoLeaders,
  },
];
