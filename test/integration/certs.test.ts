import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { certsCommand } from '../../src/commands/certs.ts';
import { DAY, make } from '../certificates/made.ts';
import { SHORT_LIVED } from '../controlplane/kubectl.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import { startService } from '../controlplane/service.ts';
import type { Stage } from '../controlplane/stage.ts';
import { execute } from '../runs/execute.ts';
import { callWithRights } from './call-with-rights.ts';

const SCRIPT = join(import.meta.dirname, '../../certs/make-dev-certs.sh');
const SECRET = ['secret', 'jwt-injector-tls', '-n', 'jwt-injector'];

describe('certs/make-dev-certs.sh --apply', () => {
  let stage: Stage<Cluster>;
  before(async () => {
    stage = await borrowStage({ withoutService: true });
  });
  after(() => stage.stop());

  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    PATH: [dirname(stage.cluster.kubectlPath), process.env['PATH']].join(delimiter),
    KUBECONFIG: stage.cluster.adminKubeconfig,
    HOME: stage.cluster.folder,
    ...SHORT_LIVED,
  });
  const run = (...args: readonly string[]) => execute(SCRIPT, args, { env: env() });

  it('does not change the Secret of jwt-injector’s own certificate, empty or not, and says what to do', async () => {
    const { cluster } = stage;
    const out = join(cluster.folder, 'refused');
    const assertRefused = async (): Promise<void> => {
      const { stdout: present } = await cluster.kubectl(['get', ...SECRET, '-o', 'jsonpath={.data}']);
      await assert.rejects(
        run('--out', out, '--apply'),
        /Secret jwt-injector\/jwt-injector-tls is for the certificate that jwt-injector issues itself.*--secret my-certificate --apply\n$/,
      );
      const { stdout: later } = await cluster.kubectl(['get', ...SECRET, '-o', 'jsonpath={.data}']);
      assert.equal(later, present);
    };
    await assertRefused(); // as installed

    const kubeconfig = await cluster.serviceAccountKubeconfig('jwt-injector', 'jwt-injector');
    const service = await startService(cluster, { args: [`--kubeconfig=${kubeconfig}`] });
    await service.stop();
    await assertRefused();

    await cluster.kubectl(['label', ...SECRET, 'app.kubernetes.io/name-']);
    await assertRefused(); // with the key of its CA
    await cluster.kubectl([
      'patch',
      ...SECRET,
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/data/ca.key"}]',
    ]);
    await assertRefused(); // with the name of its CA
    await cluster.kubectl(['delete', ...SECRET]);
  });

  it('makes a pair for the Service, writes its Secret, and sets caBundle in every webhook, also repeatedly', async () => {
    const out = join(stage.cluster.folder, 'dev-certs');
    await run('--out', out, '--apply');
    await run('--out', out, '--apply');

    const ca = await readFile(join(out, 'ca.crt'), 'utf8');
    const read = async (...args: string[]) =>
      JSON.parse((await stage.cluster.kubectl(['get', ...args, '-o', 'json'])).stdout);
    const secret = await read(...SECRET);
    const leaf = new X509Certificate(Buffer.from(secret.data['tls.crt'], 'base64'));
    assert.ok(leaf.checkHost('jwt-injector.jwt-injector.svc'));
    assert.ok(leaf.verify(new X509Certificate(ca).publicKey));
    for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
      const { webhooks } = await read(kind, 'jwt-injector');
      assert.ok(webhooks.length > 0);
      for (const { name, clientConfig } of webhooks) {
        const bundle = Buffer.from(clientConfig.caBundle, 'base64').toString();
        assert.ok(bundle.startsWith(ca), name);
        assert.equal(bundle.split('BEGIN').length, 4, `${name}: the two that were there before stay`);
      }
    }
  });

  it('uses the pair in the cluster when it runs on another machine', async () => {
    const [first, second] = ['dev-certs', 'other-machine'].map((name) => join(stage.cluster.folder, name));
    assert.ok(first !== undefined && second !== undefined);
    await run('--out', second, '--apply');
    for (const file of ['ca.crt', 'tls.crt', 'tls.key'])
      assert.equal(await readFile(join(second, file), 'utf8'), await readFile(join(first, file), 'utf8'));
    await stage.cluster.kubectl(['delete', ...SECRET]);
  });

  it('uses a short-lived pair again, for any --days for the next one', async () => {
    const out = join(stage.cluster.folder, 'short-lived');
    const read = () => readPair(out);
    await run('--out', out, '--days', '30');
    const first = await read();
    await run('--out', out);
    assert.deepEqual(await read(), first);
  });

  it('makes a new certificate if less than a third of its lifetime is left, with the same CA while that is valid longer', async () => {
    const out = join(stage.cluster.folder, 'old-certs');
    await mkdir(out);
    // There, certificates are valid for 30 days, and CAs for a year.
    for (const [age, isKept] of [
      [15 * DAY, { ca: true, leaf: true }],
      [25 * DAY, { ca: true, leaf: false }],
      [300 * DAY, { ca: false, leaf: false }],
    ] as const) {
      const made = await make(Date.now() - age);
      for (const [name, text] of Object.entries(made)) await writeFile(join(out, name), text);
      const [earlier, , later] = [await readPair(out), await run('--out', out), await readPair(out)];
      assert.deepEqual({ ca: later.ca === earlier.ca, leaf: later.leaf === earlier.leaf }, isKept);
      assert.ok(new X509Certificate(later.leaf).verify(new X509Certificate(later.ca).publicKey));
    }
  });
});

describe('certs trust', () => {
  let stage: Stage<Cluster>;
  before(async () => {
    stage = await borrowStage({ withoutService: true });
  });
  after(() => stage.stop());

  it('needs no more than the rights that its help names', async () => {
    const configurations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;
    const rule = {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: configurations,
      resourceNames: ['jwt-injector'],
      verbs: ['get', 'patch'],
    } as const;
    const truster = await callWithRights(stage.cluster, 'default/truster', { everywhere: [rule] }, []);
    const { 'ca.crt': ca } = await make(Date.now());
    const file = join(stage.cluster.folder, 'trusted.crt');
    await writeFile(file, ca);
    const { code, err } = await truster.run(certsCommand, 'trust', file);
    assert.deepEqual([code, err], [0, '']);
    for (const kind of configurations) {
      const { stdout } = await stage.cluster.kubectl(['get', kind, 'jwt-injector', '-o', 'json']);
      for (const { name, clientConfig } of JSON.parse(stdout).webhooks)
        assert.ok(Buffer.from(clientConfig.caBundle, 'base64').toString().includes(ca.trim()), name);
    }
  });
});

async function readPair(folder: string): Promise<{ readonly ca: string; readonly leaf: string }> {
  const read = (file: string) => readFile(join(folder, file), 'utf8');
  return { ca: await read('ca.crt'), leaf: await read('tls.crt') };
}
