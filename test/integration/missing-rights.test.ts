import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { askApi } from '../controlplane/api-request.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { fitManifests } from '../controlplane/install.ts';
import { borrowStage } from '../controlplane/loan.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { waitForWebhook, type Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readObjects, renderOverlay } from '../deploy/rendered.ts';
import { grantsOf, takeAway } from './granted-rights.ts';

const NAMESPACE = 'jwt-injector';
const WITHIN_MS = 60_000;

/** What is done before the webhook starts without a right, and how it reports that. */
interface Lack {
  readonly prepare?: (() => Promise<void>) | undefined;
  readonly shows: (service: Service) => Promise<void>;
}

/** The webhook alone, as shipped when it runs apart, but with one right less. */
describe('the webhook without one of its rights', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let cluster: Cluster;
  let webhookPort: number;
  let serviceArgs: readonly string[];

  before(async () => {
    stage = await borrowStage({ withoutService: true });
    ({ cluster, webhookPort } = stage);
    const shipped = await renderOverlay({ resources: ['default'], components: ['components/separate'] });
    const manifests = fitManifests(readObjects(shipped), { webhookPort, caBundle: undefined });
    await cluster.apply(manifests.map((manifest) => stringify(manifest)).join('---\n'));
    const kubeconfig = await cluster.serviceAccountKubeconfig(NAMESPACE, 'jwt-injector');
    serviceArgs = ['--no-controller', `--kubeconfig=${kubeconfig}`];
    const whole = await start();
    await waitForWebhook(cluster);
    await whole.stop();
  });
  after(() => stage.stop());

  const start = (more: { readonly staysUnready?: true } = {}): Promise<Service> =>
    startService(cluster, { args: serviceArgs, webhookPort, ...more });

  const isUnready = (why: RegExp) => async (service: Service) => {
    let answer = '';
    const isShown = async (): Promise<boolean> => {
      const response = await fetch(`http://127.0.0.1:${service.httpPort}/readyz`);
      answer = await response.text();
      return response.status === 503 && why.test(answer);
    };
    await waitUntil(`/readyz to say ${why}`, WITHIN_MS, isShown).catch((error: unknown) => {
      throw new Error(`${answer}\n${service.output()}`, { cause: error });
    });
  };
  const isLogged = (why: RegExp) => async (service: Service) => {
    await service.waitForLog(({ problem }) => why.test(String(problem)), WITHIN_MS);
  };
  const isRefused = (why: RegExp) => async () => {
    const annotations = { 'tokens.osg-htc.org/inject': 'true' };
    const spec = { containers: [{ name: 'a', image: 'b' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', annotations }, spec };
    await waitUntil(`a pod to be refused because ${why}`, WITHIN_MS, async () => {
      const path = '/api/v1/namespaces/default/pods?dryRun=All';
      const { body } = await askApi(cluster.access, 'POST', path, pod);
      return why.test((JSON.parse(body) as { readonly message?: string }).message ?? '');
    });
  };
  const empty = (what: string, patch: string) => async () => {
    const type = patch.startsWith('[') ? 'json' : 'merge';
    await cluster.kubectl(['patch', ...what.split(' '), '-n', NAMESPACE, `--type=${type}`, '-p', patch]);
  };
  const watched = (what: string, patch: string | undefined): Readonly<Record<string, Lack>> => ({
    [`list ${what}`]: { shows: isUnready(/certificate: .*not listed yet \(.*Forbidden/) },
    [`watch ${what}`]: { shows: isLogged(new RegExp(`^watch ${what.split(' ')[0]}.*403 Forbidden`)) },
    [`patch ${what}`]: {
      prepare: patch === undefined ? undefined : empty(what, patch),
      shows: isUnready(new RegExp(`certificate: patch ${what.split(' ')[0]}.*403 Forbidden`)),
    },
  });
  const noBundle = JSON.stringify([{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }]);
  const lacks: Readonly<Record<string, Lack>> = {
    'get namespaces': { shows: isRefused(/namespace "default" could not be read: try again/) },
    'list namespaces': { shows: isUnready(/namespaces: not listed yet/) },
    'watch namespaces': { shows: isLogged(/^watch namespaces.*403 Forbidden/) },
    ...watched('secrets jwt-injector-tls', '{"data":null}'),
    ...watched('mutatingwebhookconfigurations jwt-injector', noBundle),
    ...watched('validatingwebhookconfigurations jwt-injector', noBundle),
  };

  it('is tested without each of them', async () => {
    const granted = await grantsOf(cluster, 'jwt-injector');
    assert.deepEqual([...granted].toSorted(), Object.keys(lacks).toSorted());
  });

  for (const [right, { prepare, shows }] of Object.entries(lacks)) {
    it(`reports it: ${right}`, async () => {
      const restore = await takeAway(cluster, 'jwt-injector', right);
      let service: Service | undefined;
      try {
        await prepare?.();
        service = await start({ staysUnready: true });
        await shows(service);
      } finally {
        await service?.stop();
        await restore();
      }
    });
  }

  it('works as before with all of them', async () => {
    const whole = await start();
    assert.equal(await whole.stop(), 0);
  });
});
