import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { NUDGED_AT } from '../../src/resources/names.ts';
import { openAudit, type Audit } from '../controlplane/audit.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { waitForWebhook, type Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { grantsOf } from './granted-rights.ts';
import { openObjects, type Objects } from './objects.ts';
import { makeNode, podOnNode } from './pods-on-node.ts';
import { openTenant, type Tenant } from './tenant.ts';
import { FINALIZER } from './token-manager.ts';

const HALVES = ['jwt-injector', 'jwt-injector-controller'] as const;

/**
 * The API server checks this right when a server-side apply creates an object; the request itself is a patch.
 */
const NEEDED_BY_APPLY = 'create secrets';

const NAMESPACE = 'rights';

const RETRY_PERIOD_MS = 2_000; // --retry-period

/** A request of one of our ServiceAccounts, from the audit log. */
interface Request {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
}

/**
 * Both halves run apart, each with its own ServiceAccount, and do everything that they can do, on a control
 * plane with an audit log. So each right is needed (every granted right was used) and the rights are enough
 * (nothing was refused).
 */
describe('the shipped rights', { concurrency: false }, () => {
  let audit: Audit;
  let stage: Stage<Cluster>;
  let cluster: Cluster;
  let objects: Objects;
  let tenant: Tenant;
  /** As installed: empty. */
  let certificateSecret: string;
  const services: Service[] = [];

  before(async () => {
    stage = await borrowStage({ withoutService: true });
    ({ cluster } = stage);
    audit = await openAudit(cluster);
    const { webhookPort, serviceArgs } = stage;
    const components = ['components/separate', 'components/prompt-delivery'];
    const apart = readObjects(await renderOverlay({ resources: ['default'], components }));
    const rights = apart.filter(({ kind }) =>
      /^(ServiceAccount|.*Role|.*RoleBinding|.*Policy.*)$/.test(kind),
    );
    const secret = apart.find(({ kind }) => kind === 'Secret');
    certificateSecret = stringify(secret);
    await cluster.apply(rights.map((object) => stringify(object)).join('---\n'));
    objects = openObjects(cluster);
    tenant = await openTenant(cluster, objects, NAMESPACE);

    const controller = await cluster.serviceAccountKubeconfig('jwt-injector', 'jwt-injector-controller');
    const start = async (args: readonly string[]): Promise<Service> => {
      const service = await startService(cluster, {
        args,
        webhookPort: args.includes('--no-webhook') ? 0 : webhookPort,
      });
      services.push(service);
      return service;
    };
    // Without certificate files, so that it issues its own.
    await start([...serviceArgs.filter((arg) => !arg.startsWith('--tls-')), '--no-controller']);
    const own = [
      '--no-webhook',
      '--prompt-delivery',
      `--kubeconfig=${controller}`,
      '--lease-namespace=jwt-injector',
    ];
    await start(own);
    await start(own); // a standby
    await waitForWebhook(cluster);
  });
  after(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await stage.stop();
  });

  async function requests(): Promise<readonly Request[]> {
    return (await audit.events()) as readonly Request[];
  }

  /** The requests of a ServiceAccount as `verb resource`, each also with the object's name. */
  async function used(account: string): Promise<ReadonlySet<string>> {
    const own = (await requests()).filter(({ user }) => user.username.endsWith(`:${account}`));
    const names = own.flatMap(({ verb, objectRef }) => {
      const { resource = '', subresource, name = '' } = objectRef ?? {};
      const right = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      return [right, `${right} ${name}`];
    });
    return new Set(names);
  }

  it('are used: a JWT is signed, signed again, repaired after its Secret was deleted, and deleted', async () => {
    const spec = { key: { secret: { name: 'my-key', key: 'key.pem' } } };
    await tenant.apply('my-jwt', spec, { finalizers: [FINALIZER] });
    const isKnown = (status: string) => objects.waitForCondition(NAMESPACE, 'my-jwt', 'KeyAvailable', status);
    // The second report of a problem changes its Event.
    await isKnown('False');
    await tenant.applySecret('my-key', { 'key.pem': NRP_KEY });
    await isKnown('True');
    await cluster.kubectl(['delete', 'secret', '-n', NAMESPACE, 'my-key']);
    await isKnown('False');
    await tenant.applySecret('my-key', { 'key.pem': NRP_KEY });
    let token = await tenant.waitForToken('my-jwt', (found) => found !== '');
    for (const request of ['one', 'two']) {
      const annotation = `tokens.osg-htc.org/renew=${request}`;
      await cluster.kubectl(['annotate', '-n', NAMESPACE, '--overwrite', 'jwt', 'my-jwt', annotation]);
      const old = token;
      token = await tenant.waitForToken('my-jwt', (found) => found !== '' && found !== old);
    }
    await cluster.kubectl(['delete', 'secret', '-n', NAMESPACE, 'my-jwt']);
    await tenant.waitForToken('my-jwt', (found) => found !== '' && found !== token);
    await cluster.kubectl(['delete', 'jwt', '-n', NAMESPACE, '--wait=false', 'my-jwt']);
    await objects.waitForGone('jwts', NAMESPACE, 'my-jwt');
  });

  it('are used: a pod that mounts a token is nudged after a renewal', async () => {
    await makeNode(cluster, 'node');
    await cluster.apply(podOnNode({ namespace: NAMESPACE, name: 'mounts' }, 'node', [{ secret: 'mounted' }]));
    await tenant.apply('mounted');
    await objects.waitFor(
      'pods',
      NAMESPACE,
      'mounts',
      ({ metadata }) => metadata.annotations?.[NUDGED_AT] !== undefined,
    );
  });

  /** The message for a pod that asks for the default of its namespace, which has none. */
  async function askForDefault(): Promise<string> {
    const annotations = { 'tokens.osg-htc.org/inject': 'true' };
    const metadata = { name: 'asks', namespace: NAMESPACE, annotations };
    const spec = { containers: [{ name: 'a', image: 'b' }] };
    const { stderr } = await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }),
      allowFailure: true,
    });
    return stderr;
  }

  it('are used: a pod that asks for the default of its namespace makes the webhook look', async () => {
    assert.match(await askForDefault(), /no token is named/);
  });

  it('are used: a certificate that an admin removes is issued again', async () => {
    const patch = JSON.stringify({ data: { 'tls.crt': null } });
    const name = ['secret', 'jwt-injector-tls', '-n', 'jwt-injector'];
    await cluster.kubectl(['patch', ...name, '--type=merge', '-p', patch]);
    await objects.waitFor(
      'secrets',
      'jwt-injector',
      'jwt-injector-tls',
      ({ data }) => data['tls.crt'] !== undefined,
    );
  });

  it('are used: a leader that did not see a change of its Lease reads it', async () => {
    const replicas = services.filter(({ webhookPort }) => webhookPort === undefined);
    await waitUntil('the Lease to be read', 60_000, async () => {
      for (const replica of replicas) replica.kill('SIGSTOP');
      const annotation = `changed=${randomUUID()}`;
      await cluster.kubectl([
        'annotate',
        '--overwrite',
        'lease',
        'jwt-injector',
        '-n',
        'jwt-injector',
        annotation,
      ]);
      // So its next write is due before it gets the change.
      await sleep(RETRY_PERIOD_MS);
      for (const replica of replicas) replica.kill('SIGCONT');
      return (await used(HALVES[1])).has('get leases jwt-injector');
    });
  });

  it('are enough: nothing was ever refused', async () => {
    // There can be pods of others, too: a controller creates pods in a namespace of another file that is
    // being deleted.
    const own = (await requests()).filter(({ user }) =>
      user.username.startsWith('system:serviceaccount:jwt-injector:'),
    );
    assert.notDeepEqual(own, []);
    const refused = own.filter(({ responseStatus }) => responseStatus?.code === 403);
    assert.deepEqual(refused, []);
  });

  it('are enough for a certificate as long as its Secret exists; the service continues without it, with a remedy in the log', async () => {
    const name = ['secret', 'jwt-injector-tls', '-n', 'jwt-injector'];
    const webhook = services[0];
    assert.ok(webhook !== undefined);
    await cluster.kubectl(['delete', ...name]);
    const line = await webhook.waitForLog(({ problem }) => String(problem).includes('Forbidden'));
    assert.match(
      String(line['problem']),
      /^create secrets jwt-injector.*-tls is gone, install jwt-injector again$/,
    );
    assert.match(await askForDefault(), /no token is named/);
    await cluster.apply(certificateSecret);
    await objects.waitFor(
      'secrets',
      'jwt-injector',
      'jwt-injector-tls',
      ({ data }) => data?.['tls.crt'] !== undefined,
    );
  });

  for (const account of HALVES) {
    it(`are no more than ${account} uses`, async () => {
      const granted = [...(await grantsOf(cluster, account))].filter((right) => right !== NEEDED_BY_APPLY);
      assert.ok(granted.length > 0);
      let unused: readonly string[] = granted;
      const areAllUsed = async (): Promise<boolean> => {
        const verbs = await used(account);
        unused = granted.filter((right) => !verbs.has(right));
        return unused.length === 0;
      };
      await waitUntil('all rights to have been used', 60_000, areAllUsed).catch(() => {});
      assert.deepEqual(unused, []);
    });
  }

  it('of the webhook are about namespaces, and about its own certificate only', async () => {
    /** Without the rights that all ServiceAccounts have. */
    const listRights = async (namespace: string): Promise<readonly string[]> => {
      const ofAccount = async (account: string): Promise<readonly string[]> => {
        const user = `--as=system:serviceaccount:${account}`;
        const { stdout } = await cluster.kubectl(['auth', 'can-i', '--list', user, '-n', namespace]);
        return stdout.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
      };
      const everybody = await ofAccount('default:default');
      return (await ofAccount('jwt-injector:jwt-injector')).filter((line) => !everybody.includes(line));
    };
    const anywhere = [
      'mutatingwebhookconfigurations.admissionregistration.k8s.io [] [jwt-injector] [list watch patch]',
      'namespaces [] [] [get list watch]',
      'validatingwebhookconfigurations.admissionregistration.k8s.io [] [jwt-injector] [list watch patch]',
    ];
    const certificate = 'secrets [] [jwt-injector-tls] [list watch patch]';
    const inOwn = [...anywhere, certificate].toSorted();
    assert.deepEqual((await listRights('jwt-injector')).toSorted(), inOwn);
    assert.deepEqual((await listRights(NAMESPACE)).toSorted(), anywhere);
  });

  it('to create Secrets is needed: without it no new Secret is created', async () => {
    const refuse = { op: 'replace', path: '/rules/2/verbs', value: ['get', 'list', 'watch', 'patch'] };
    const patch = JSON.stringify([{ op: 'test', path: '/rules/2/resources/0', value: 'secrets' }, refuse]);
    await cluster.kubectl(['patch', 'clusterrole', 'jwt-injector', '--type=json', '-p', patch]);
    await tenant.apply('refused', { key: { secret: { name: 'my-key', key: 'key.pem' } } });
    await objects.waitForCondition(NAMESPACE, 'refused', 'Ready', 'False', 'WriteRefused');
  });
});
