import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { explainCommand } from '../../src/commands/explain.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { MANAGED_LABEL } from '../../src/resources/names.ts';
import { callAs, runShell, type Caller } from './cli-run.ts';
import { startNeighbours } from './neighbours.ts';
import { secretText, type Loose, type Objects } from './objects.ts';
import { MUTATING_POLICY, NEIGHBOURS, POLICY } from './refusing-others.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

const ADOPT = 'tokens.osg-htc.org/adopt';

/** Each case is refused by the real API server; `helps` follows the remedy in the condition. */
interface Case {
  readonly name: string;
  readonly namespace?: string;
  /** Creates the JWT, or changes its surroundings, so that a write is refused. */
  readonly harm: () => Promise<unknown>;
  readonly says: RegExp;
  readonly helps: () => Promise<unknown>;
}

describe('a write that the API server refuses', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  let admin: Caller;
  let neighbours: { stop(): void };
  const kubectl = (...args: string[]): Promise<unknown> => stage.cluster.kubectl(args);
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage('refusals'));
    admin = callAs(stage.cluster.adminKubeconfig, []);
    for (const namespace of ['small', 'strict', 'guarded', 'stripped'])
      await stage.cluster.createNamespace(namespace);
    for (const namespace of ['guarded', 'stripped'])
      await kubectl('label', 'namespace', namespace, `neighbour=${namespace}`);
    neighbours = await startNeighbours(stage.cluster, NEIGHBOURS);
    await kubectl('create', 'quota', 'no-more', '-n', 'small', '--hard=secrets=0');
    await stage.cluster.apply(POLICY);
  });
  after(async () => {
    for (const { name } of NEIGHBOURS)
      await kubectl('delete', 'mutatingwebhookconfiguration', name, '--ignore-not-found');
    await stage.stop();
    neighbours.stop();
  });

  /** Whether the API server would accept a new Secret of this name with our label. */
  const tryToCreate = (namespace: string, name: string) => {
    const metadata = { name, namespace, labels: { [MANAGED_LABEL]: 'true' } };
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata });
    const args = ['create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return stage.cluster.kubectl(args, { input, allowFailure: true });
  };
  const waitUntilTaken = (namespace: string, isTaken: boolean): Promise<unknown> =>
    waitUntil(`Secrets of ${namespace} to be ${isTaken ? 'taken' : 'refused'}`, 60_000, async () => {
      return ((await tryToCreate(namespace, 'forbidden')).code === 0) === isTaken;
    });

  const applyIn = (namespace: string, name: string): Promise<unknown> => {
    const { apiVersion, kind, spec } = wireJwt();
    return stage.cluster.apply(JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec }));
  };
  const label = (namespace: string, name: string): Promise<unknown> =>
    kubectl('label', 'jwt', '-n', namespace, name, 'looked-at=now');

  const cases: readonly Case[] = [
    {
      name: 'counted',
      namespace: 'small',
      harm: async () => {
        await waitUntil('the quota to count', 60_000, async () => {
          const args = ['get', 'quota', 'no-more', '-n', 'small', '-o', 'jsonpath={.status.hard}'];
          return (await stage.cluster.kubectl(args)).stdout !== '';
        });
        await applyIn('small', 'counted');
      },
      says: /^ResourceQuota no-more of namespace small is used up: raise it.*kubectl describe quota no-more -n small/,
      helps: async () => {
        await kubectl('delete', 'quota', 'no-more', '-n', 'small');
        await label('small', 'counted');
      },
    },
    {
      name: 'forbidden',
      namespace: 'strict',
      harm: async () => {
        await waitUntilTaken('strict', false);
        await applyIn('strict', 'forbidden');
      },
      says: /^admission policy not-here\.example\.org does not allow the write: .*exempt/,
      helps: async () => {
        await kubectl('delete', 'validatingadmissionpolicybinding', 'not-here');
        await kubectl('delete', 'validatingadmissionpolicy', 'not-here.example.org');
        await waitUntilTaken('strict', true);
        await label('strict', 'forbidden');
      },
    },
    {
      name: 'forbidden-by-webhook',
      namespace: 'guarded',
      harm: async () => {
        await waitUntilTaken('guarded', false);
        await applyIn('guarded', 'forbidden-by-webhook');
      },
      says: /^admission webhook guard\.example\.org does not allow the write: .*exempt/,
      helps: async () => {
        await kubectl('delete', 'mutatingwebhookconfiguration', 'guard');
        await waitUntilTaken('guarded', true);
        await label('guarded', 'forbidden-by-webhook');
      },
    },
    {
      name: 'annotated',
      harm: () => tenant.apply('annotated', { secretTemplate: { annotations: { 'not a key!': 'x' } } }),
      says: /^spec\.secretTemplate\.annotations has an invalid key, or /,
      helps: () => tenant.apply('annotated', { secretTemplate: { annotations: { 'a-key': 'x' } } }),
    },
    {
      name: 'mislabelled',
      harm: () => tenant.apply('mislabelled', { secretTemplate: { labels: { team: 'not a value!' } } }),
      says: /^spec\.secretTemplate\.labels has an invalid key or value: /,
      helps: () => tenant.apply('mislabelled', { secretTemplate: { labels: { team: 'a-value' } } }),
    },
    {
      name: 'typed',
      harm: async () => {
        await objects.create('secrets', 'refusals', {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'example.org/other',
          metadata: { name: 'typed', annotations: { [ADOPT]: 'typed' } },
          data: {},
        });
        await tenant.apply('typed');
      },
      says: /^Secret typed is not of type Opaque.*kubectl delete secret typed -n refusals/,
      helps: () => kubectl('delete', 'secret', 'typed', '-n', 'refusals'),
    },
    {
      name: 'full',
      harm: async () => {
        const text = 'x'.repeat(1_048_500);
        await objects.create('secrets', 'refusals', {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'full', annotations: { [ADOPT]: 'full' } },
          data: { note: Buffer.from(text).toString('base64') },
        });
        await tenant.apply('full');
      },
      says: /^Secret full with the new token would be larger than the 1 MiB/,
      helps: () => kubectl('patch', 'secret', 'full', '-n', 'refusals', '-p', '{"data":{"note":null}}'),
    },
  ];
  for (const { name, namespace = 'refusals', harm, says, helps } of cases) {
    it(`(${name}) is WriteRefused with the remedy, also in explain and renew, and succeeds after the remedy`, async () => {
      await harm();
      const ready = await objects.waitForCondition(namespace, name, 'Ready', 'False', 'WriteRefused');
      assert.match(ready.message, says);
      const { status } = await objects.get('jwts', namespace, name);
      const nextAttemptAt = Date.parse(status.nextAttemptAt);
      assert.ok(nextAttemptAt - Date.parse(ready.lastTransitionTime) >= 299_000, status.nextAttemptAt);
      assert.ok(nextAttemptAt - Date.now() <= 300_000, status.nextAttemptAt);
      const events = await waitUntil('an Event', 60_000, async () => {
        const all = await objects.list('events', namespace);
        const found = all.filter((each: Loose) => each.regarding.name === name && each.type === 'Warning');
        return found.length > 0 ? found : undefined;
      });
      assert.ok(events.every(({ reason, note }: Loose) => reason === 'WriteRefused' && says.test(note)));
      const said = new RegExp(says.source.replace(/^\^/, ''));
      const explained = await admin.run(explainCommand, 'jwt', name, '-n', namespace);
      assert.match(explained.out, said);
      const renewed = await admin.run(renewCommand, name, '-n', namespace, '--timeout', '1s');
      assert.deepEqual([renewed.code, renewed.out], [1, '']);
      assert.match(renewed.err, said);
      await helps();
      await objects.waitForCondition(namespace, name, 'Ready', 'True', 'Signed');
    });
  }

  it('by a MutatingAdmissionPolicy names the command that shows it', async () => {
    const kinds = ['api-resources', '--api-group=admissionregistration.k8s.io', '-o', 'name'];
    if (!(await stage.cluster.kubectl(kinds)).stdout.includes('mutatingadmissionpolicies.')) {
      const version: Loose = JSON.parse((await stage.cluster.kubectl(['get', '--raw', '/version'])).stdout);
      assert.ok(Number(version.minor) < 36, 'from 1.36 on, every API server has them');
      return;
    }
    await stage.cluster.createNamespace('mutated');
    await stage.cluster.apply(MUTATING_POLICY);
    await waitUntilTaken('mutated', false);
    await applyIn('mutated', 'forbidden');
    const ready = await objects.waitForCondition('mutated', 'forbidden', 'Ready', 'False', 'WriteRefused');
    assert.match(
      ready.message,
      /^admission policy labels\.example\.org does not allow the write: .*\(kubectl describe mutatingadmissionpolicy labels\.example\.org\)/,
    );
    await kubectl('delete', 'mutatingadmissionpolicybinding', 'labels');
    await kubectl('delete', 'mutatingadmissionpolicy', 'labels.example.org');
    await waitUntilTaken('mutated', true);
  });

  it('of a valid token leaves it Ready, and explain and renew give the same message', async () => {
    await tenant.apply('frozen');
    const token = await tenant.waitForToken('frozen', (text) => text !== '');
    await kubectl('patch', 'secret', 'frozen', '-n', 'refusals', '-p', '{"immutable":true}');
    const renewed = await admin.run(renewCommand, 'frozen', '-n', 'refusals', '--timeout', '60s');
    const says = /Secret frozen has immutable: true.*kubectl delete secret frozen -n refusals/;
    assert.deepEqual([renewed.code, renewed.out], [1, '']);
    assert.match(renewed.err, says);
    const ready = await objects.waitForCondition('refusals', 'frozen', 'Ready', 'True', 'WriteRefused');
    assert.match(ready.message, says);
    const explained = await admin.run(explainCommand, 'jwt', 'frozen', '-n', 'refusals');
    assert.match(explained.out, says);
    assert.match(explained.out, /the next attempt is at/);
    assert.doesNotMatch(explained.out, /is not running/);
    assert.equal(await tenant.tokenOf('frozen'), token);
    await kubectl('delete', 'secret', 'frozen', '-n', 'refusals');
    await tenant.waitForToken('frozen', (text) => text !== '' && text !== token);
    await objects.waitForCondition('refusals', 'frozen', 'Ready', 'True', 'Signed');
  });

  it('succeeds if a webhook only removes our label: the Secret is created again after it is deleted', async () => {
    await waitUntil('the label to be taken off', 60_000, async () => {
      const { code, stdout } = await tryToCreate('stripped', 'some');
      return code === 0 && JSON.parse(stdout).metadata.labels?.[MANAGED_LABEL] === undefined;
    });
    await applyIn('stripped', 'unlabelled');
    const isThere = (secret: Loose): boolean => secretText(secret) !== '';
    const { metadata } = await objects.waitFor('secrets', 'stripped', 'unlabelled', isThere);
    assert.equal(metadata.labels?.[MANAGED_LABEL], undefined);
    await objects.delete('secrets', { namespace: 'stripped', name: 'unlabelled' });
    const isAnother = (secret: Loose): boolean => secret.metadata.uid !== metadata.uid && isThere(secret);
    await objects.waitFor('secrets', 'stripped', 'unlabelled', isAnother, 60_000);
  });

  it('has no key and no token in its messages', async () => {
    const shown = stage.service().output() + JSON.stringify(await objects.list('events', 'refusals'));
    for (const line of NRP_KEY.split('\n').filter((text) => text.length > 30 && !text.startsWith('-')))
      assert.ok(!shown.includes(line));
    const tokens = (await objects.list('secrets', 'refusals')).map((secret) => secretText(secret));
    for (const token of tokens.filter((text) => text !== ''))
      assert.ok(!shown.includes(token.split('.')[2] ?? token));
  });

  it('kubectl apply --prune --applyset, also repeatedly, leaves the Secret alone', async () => {
    const { apiVersion, kind, spec } = wireJwt({ key: { secret: { name: 'set-key', key: 'key.pem' } } });
    const key = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'set-key' },
      stringData: { 'key.pem': NRP_KEY },
    };
    const jwt = { apiVersion, kind, metadata: { name: 'applied' }, spec };
    const apply = (): Promise<string> =>
      runShell(stage.cluster, [
        `cat > set.json <<'END'`,
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [key, jwt] }),
        'END',
        'KUBECTL_APPLYSET=true kubectl apply -n refusals -f set.json --prune --applyset=configmaps/my-set',
      ]);
    await apply();
    const token = await tenant.waitForToken('applied', (text) => text !== '');
    const { uid } = (await objects.get('secrets', 'refusals', 'applied')).metadata;
    for (let turn = 0; turn < 2; turn += 1) assert.doesNotMatch(await apply(), /pruned/);
    const secret = await objects.get('secrets', 'refusals', 'applied');
    assert.deepEqual([secret.metadata.uid, secretText(secret)], [uid, token]);
    assert.ok(
      'applyset.kubernetes.io/part-of' in (await objects.get('jwts', 'refusals', 'applied')).metadata.labels,
    );
    assert.ok(!('applyset.kubernetes.io/part-of' in secret.metadata.labels));
  });

  it('an annotation on a key Secret that many JWTs share rewrites no status', async () => {
    const shared = { key: { secret: { name: 'set-key', key: 'key.pem' } } };
    const names = Array.from({ length: 8 }, (_, index) => `shared-${index}`);
    await Promise.all(names.map((name) => tenant.apply(name, shared)));
    for (const name of names) await objects.waitForCondition('refusals', name, 'Ready', 'True');
    const versions = async (): Promise<readonly string[]> =>
      (await objects.list('jwts', 'refusals'))
        .filter(({ metadata }) => names.includes(metadata.name))
        .map(({ metadata }) => metadata.resourceVersion);
    const earlier = await versions();
    await kubectl('annotate', 'secret', 'set-key', '-n', 'refusals', 'note=looked-at');
    await tenant.apply('after-the-note', shared); // processed after the JWTs that the note is for
    await objects.waitForCondition('refusals', 'after-the-note', 'Ready', 'True');
    assert.deepEqual(await versions(), earlier);
  });
});
