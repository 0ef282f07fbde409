import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { NUDGED_AT } from '../../src/resources/names.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { startService, type Service } from '../controlplane/service.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { grantsOf, takeAway } from './granted-rights.ts';
import type { Objects } from './objects.ts';
import { makeNode, podOnNode } from './pods-on-node.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';
import { FINALIZER } from './token-manager.ts';

const ACCOUNT = 'jwt-injector-controller';
const NAMESPACE = 'missing-rights';
const WITHIN_MS = 60_000;
const RETRY_PERIOD_MS = 2_000; // --retry-period

/** How it reports that a right is missing, and that it has it again. */
interface Lack {
  /** It uses the right as soon as it starts or leads: it is started without. */
  readonly atStart?: true;
  /** Causes a request that needs the right. */
  readonly provoke?: () => Promise<unknown>;
  readonly shows: () => Promise<unknown>;
  readonly recovers: () => Promise<unknown>;
}

/** The controller alone, as shipped when it runs apart with prompt delivery, but with one right less. */
describe('the controller without one of its rights', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let cluster: Cluster;
  let objects: Objects;
  let tenant: Tenant;
  let service: Service;
  let serviceArgs: readonly string[];
  /** Time in RFC 3339. */
  let givenBackAt = '';

  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage(NAMESPACE, { withoutService: true }));
    ({ cluster } = stage);
    await tenant.apply('my-jwt');
    await tenant.apply('left', {}, { finalizers: [FINALIZER] });
    await cluster.kubectl(['delete', 'jwt', '-n', NAMESPACE, '--wait=false', 'left']);
    const components = ['components/separate', 'components/prompt-delivery'];
    const shipped = readObjects(await renderOverlay({ resources: ['default'], components }));
    const rights = shipped.filter(({ kind }) =>
      /^(ServiceAccount|.*Role|.*RoleBinding|.*Policy.*)$/.test(kind),
    );
    await cluster.apply(rights.map((object) => stringify(object)).join('---\n'));
    await makeNode(cluster, NAMESPACE);
    await cluster.apply(
      podOnNode({ namespace: NAMESPACE, name: 'mounts' }, NAMESPACE, [{ secret: 'my-jwt' }]),
    );
    const kubeconfig = await cluster.serviceAccountKubeconfig('jwt-injector', ACCOUNT);
    const own = ['--no-webhook', '--prompt-delivery', '--lease-namespace=jwt-injector'];
    serviceArgs = [...own, `--kubeconfig=${kubeconfig}`];
    service = await start();
  });
  after(async () => {
    await service.stop();
    await stage.stop();
  });

  const start = (): Promise<Service> => startService(cluster, { args: serviceArgs });

  const isLogged = (why: RegExp) => async () => {
    await service.waitForLog(
      ({ msg, problem, reason }) => [msg, problem, reason].some((words) => why.test(String(words))),
      WITHIN_MS,
    );
  };
  const hasCondition =
    (name: string, type: string, status: string, reason: string, message: RegExp) => async () => {
      const condition = await objects.waitForCondition(NAMESPACE, name, type, status, reason);
      assert.match(condition.message, message);
    };
  async function metric(series: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${service.httpPort}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length),
    );
  }
  let made = 0;
  /** Each test has a JWT of its own: one that is signed again and again is delayed. */
  const nextName = (): string => `jwt-${(made += 1)}`;
  const signs = async (): Promise<void> => {
    const name = nextName();
    await tenant.apply(name);
    await objects.waitForCondition(NAMESPACE, name, 'Ready', 'True');
  };
  /**
   * There are two watches of Secrets: those with tokens, and all others. Either can be the one that was
   * refused.
   */
  const signsWithOtherKey = async (): Promise<void> => {
    await tenant.applySecret(nextName(), {});
    await signs();
  };
  /** Creates a pod, and the first token that it mounts. */
  const mountNewToken = async (): Promise<void> => {
    const name = nextName();
    await cluster.apply(podOnNode({ namespace: NAMESPACE, name }, NAMESPACE, [{ secret: name }]));
    await tenant.apply(name);
    await objects.waitForCondition(NAMESPACE, name, 'Ready', 'True');
  };
  const nudges = (): Promise<unknown> =>
    waitUntil('a pod to be nudged after a renewal', WITHIN_MS, async () => {
      await mountNewToken();
      const pods = await objects.list('pods', NAMESPACE);
      return pods.some(({ metadata }) => metadata.annotations?.[NUDGED_AT] > givenBackAt);
    });
  const ownLease = { namespace: 'jwt-injector', name: 'jwt-injector' };

  const listed = (resource: string, recovers: () => Promise<unknown>): Readonly<Record<string, Lack>> => {
    const [plural = ''] = resource.split(' ');
    const lack = (verb: string): Lack => ({
      atStart: true,
      shows: isLogged(new RegExp(`^${verb} ${plural}.*403 Forbidden`)),
      // A watch works when it reports a change: changes before it was listed again do not count.
      recovers: () =>
        waitUntil('the watch to work again', WITHIN_MS, async () => {
          await recovers();
          return service.logLines().some(({ msg }) => msg === 'watch works again');
        }),
    });
    return { [`list ${resource}`]: lack('list'), [`watch ${resource}`]: lack('watch') };
  };

  const lacks: Readonly<Record<string, Lack>> = {
    'patch jwts': {
      atStart: true,
      shows: isLogged(/not allowed to patch jwts in namespace missing-rights/),
      recovers: () => objects.waitForGone('jwts', NAMESPACE, 'left'),
    },
    ...listed('jwts', signs),
    ...listed('secrets', signsWithOtherKey),
    ...listed('leases jwt-injector', signs),
    ...listed('pods', nudges),
    'patch pods': {
      provoke: mountNewToken,
      shows: async () => {
        await waitUntil(
          'a nudge to be refused',
          WITHIN_MS,
          async () => (await metric('jwt_injector_delivery_nudges_total{result="refused"}')) > 0,
        );
        await isLogged(/^patch pods missing-rights\/jwt-\d+: 403 Forbidden/)();
      },
      recovers: nudges,
    },
    'get jwts': {
      // Before a deleted Secret is created again.
      provoke: () => objects.delete('secrets', { namespace: NAMESPACE, name: 'my-jwt' }),
      shows: hasCondition('my-jwt', 'Ready', 'False', 'WriteRefused', /not allowed to get jwts/),
      recovers: () => tenant.waitForToken('my-jwt', (token) => token !== ''),
    },
    'patch jwts/status': {
      provoke: () => tenant.apply('unsaid'),
      shows: isLogged(/not allowed to patch jwts\/status in namespace missing-rights/),
      recovers: () => objects.waitForCondition(NAMESPACE, 'unsaid', 'Ready', 'True'),
    },
    'get secrets': {
      provoke: async () => {
        await tenant.applySecret('unread', { 'key.pem': NRP_KEY });
        await tenant.apply('signs', { key: { secret: { name: 'unread', key: 'key.pem' } } });
      },
      shows: hasCondition('signs', 'Ready', 'False', 'WriteRefused', /not allowed to get secrets/),
      recovers: () => objects.waitForCondition(NAMESPACE, 'signs', 'Ready', 'True'),
    },
    'create secrets': {
      provoke: () => tenant.apply('new'),
      shows: hasCondition('new', 'Ready', 'False', 'WriteRefused', /not allowed to create secrets/),
      recovers: () => objects.waitForCondition(NAMESPACE, 'new', 'Ready', 'True'),
    },
    'patch secrets': {
      provoke: () => tenant.apply('unpatched'),
      shows: hasCondition('unpatched', 'Ready', 'False', 'WriteRefused', /not allowed to patch secrets/),
      recovers: () => objects.waitForCondition(NAMESPACE, 'unpatched', 'Ready', 'True'),
    },
    'create events': {
      provoke: () => tenant.apply('keyless', { key: { secret: { name: 'absent', key: 'key.pem' } } }),
      shows: isLogged(/^create events missing-rights: 403 Forbidden/),
      recovers: async () => {
        const one = { key: { secret: { name: 'absent', key: 'other.pem' } } };
        await tenant.apply('keyless-too', one);
        await waitForEvent('keyless-too', () => true);
      },
    },
    'patch events': {
      // The second report of a problem changes its Event.
      provoke: () => loseKeyAgain(),
      shows: isLogged(/^patch events missing-rights\/keyless-too\.\w+: 403 Forbidden/),
      recovers: async () => {
        await loseKeyAgain();
        await waitForEvent('keyless-too', ({ series }) => series !== undefined);
      },
    },
    'create leases': {
      provoke: () => objects.delete('leases', ownLease),
      shows: isLogged(/^create leases jwt-injector: 403 Forbidden/),
      recovers: signs,
    },
    'get leases jwt-injector': {
      provoke: () => missLeaseChange(/^get leases jwt-injector\/jwt-injector: 403 Forbidden/),
      shows: isLogged(/^get leases jwt-injector\/jwt-injector: 403 Forbidden/),
      recovers: signs,
    },
    'patch leases jwt-injector': {
      shows: isLogged(/^patch leases jwt-injector\/jwt-injector: 403 Forbidden/),
      recovers: signs,
    },
  };

  it('is tested without each of them', async () => {
    assert.deepEqual([...(await grantsOf(cluster, ACCOUNT))].toSorted(), Object.keys(lacks).toSorted());
  });

  for (const [right, { atStart, provoke, shows, recovers }] of Object.entries(lacks)) {
    it(`reports it, and recovers when it has the right again: ${right}`, async () => {
      if (atStart === true) await service.stop();
      const giveBack = await takeAway(cluster, ACCOUNT, right);
      try {
        if (atStart === true) service = await start();
        await provoke?.();
        await shows();
      } finally {
        await giveBack();
        givenBackAt = new Date().toISOString();
      }
      await recovers();
    });
  }

  async function waitForEvent(jwt: string, fits: (event: { series?: unknown }) => boolean): Promise<void> {
    await waitUntil(`an Event of ${jwt}`, WITHIN_MS, async () => {
      const events = await objects.list('events', NAMESPACE);
      return events.some((event) => event.regarding.name === jwt && fits(event));
    });
  }

  async function loseKeyAgain(): Promise<void> {
    const isKnown = (status: string): Promise<unknown> =>
      objects.waitForCondition(NAMESPACE, 'keyless-too', 'KeyAvailable', status);
    await isKnown('False');
    await tenant.applySecret('absent', { 'other.pem': NRP_KEY });
    await isKnown('True');
    await objects.delete('secrets', { namespace: NAMESPACE, name: 'absent' });
    await isKnown('False');
  }

  /**
   * The leader is stopped while its Lease changes: it reads the Lease when its next write is refused, unless
   * the watch is faster.
   */
  async function missLeaseChange(until: RegExp): Promise<void> {
    await waitUntil('the Lease to be read', 60_000, async () => {
      service.kill('SIGSTOP');
      const annotations = { changed: randomUUID() };
      await objects.patch('leases', ownLease, { metadata: { annotations } });
      await sleep(RETRY_PERIOD_MS); // so its next write is due before it gets the change
      service.kill('SIGCONT');
      return service
        .waitForLog(({ problem }) => until.test(String(problem)), RETRY_PERIOD_MS)
        .then(
          () => true,
          () => false,
        );
    });
  }
});
