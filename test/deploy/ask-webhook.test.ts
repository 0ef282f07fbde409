import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { execute } from '../runs/execute.ts';
import { CHART, openHelm, type Values } from './helm.ts';
import { readObjects } from './rendered.ts';

const SCRIPT = readFileSync(join(CHART, 'files/ask-webhook.mjs'), 'utf8');
const patchOf = (patch: object): string => Buffer.from(JSON.stringify(patch)).toString('base64');

describe('the request of helm test to the webhook', () => {
  let answer = { response: { allowed: true, patch: patchOf([{ value: 'BEARER_TOKEN_FILE' }]) } };
  let server: ReturnType<typeof createServer>;
  let authority: Awaited<ReturnType<typeof createCertificateAuthority>>;
  let served: string;
  before(async () => {
    authority = await createCertificateAuthority('an admin');
    const { certificate, key } = await authority.issue(['jwt-injector'], ['127.0.0.1']);
    served = certificate;
    server = createServer({ cert: certificate, key }, (_request, response) => {
      response.end(JSON.stringify(answer));
    });
    await listen(0);
  });
  after(() => server.close());

  async function listen(port: number): Promise<void> {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  }

  /** Starts it as in the pod, with the files of the Secret in a folder. */
  function start(certificates: string, port: number) {
    const env = { WEBHOOK: `https://127.0.0.1:${port}/mutate/pods`, CERTIFICATES: certificates };
    return execute(process.execPath, ['--input-type=module', '--eval', SCRIPT], { env });
  }

  async function ask(files: Readonly<Record<string, string>>) {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-helm-test-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
    const { port } = server.address() as AddressInfo;
    return await start(folder.path, port);
  }

  it('is answered with a certificate of the authority in ca.crt', async () => {
    const { stdout } = await ask({ 'ca.crt': authority.certificate });
    assert.match(stdout, /mutate\/pods injects a token$/m);
  });

  it('is answered if the Secret has no ca.crt, which is possible in an admin’s Secret', async () => {
    assert.match((await ask({ 'tls.crt': served })).stdout, /injects a token$/m);
  });

  it('is repeated while the network does not allow the connection yet', async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-injector-helm-test-'));
    await writeFile(join(folder.path, 'tls.crt'), served);
    const asked = start(folder.path, port);
    const [said] = (await once(asked.child.stderr ?? asked.child, 'data')) as [Buffer];
    assert.match(String(said), /ECONNREFUSED.*, asking again/);
    await listen(port);
    assert.match((await asked).stdout, /injects a token$/m);
  });

  it('fails with another certificate, without any, and if no token is injected', async () => {
    const other = await createCertificateAuthority('somebody');
    const leaf = await other.issue(['jwt-injector'], ['127.0.0.1']);
    const files = { 'ca.crt': other.certificate, 'tls.crt': leaf.certificate };
    await assert.rejects(ask(files), /unable to verify|self-signed|unable to get/);
    await assert.rejects(ask({}), /neither ca\.crt nor tls\.crt is in the Secret/);
    answer = { response: { allowed: true, patch: patchOf([]) } };
    await assert.rejects(ask({ 'tls.crt': served }), /no token is injected: .*"allowed":true/);
  });

  for (const [mode, secretName] of [
    ['self', 'jwt-injector-tls'],
    ['files', 'jwt-injector-tls'],
    ['cert-manager', 'jwt-injector-cert-manager'],
  ] as const) {
    it(`is in a pod that mounts the existing certificates, of mode ${mode}`, async () => {
      await using helm = await openHelm();
      const file = await helm.valuesFile({ certificate: { mode } });
      const place = ['-n', 'jwt-injector', '-f', file, '--show-only', 'templates/tests/review.yaml'];
      const [pod] = readObjects(await helm.run('template', 'jwt-injector', CHART, ...place));
      assert.ok(pod);
      const { volumes } = pod['spec'] as { readonly volumes: readonly { readonly secret: unknown }[] };
      const items = ['ca.crt', 'tls.crt'].map((key) => ({ key, path: key }));
      assert.deepEqual(volumes[0]?.secret, { secretName, optional: true, items });
    });
  }

  it('is allowed by the NetworkPolicy that names its clients', async () => {
    await using helm = await openHelm();
    const webhookFrom = [{ ipBlock: { cidr: '192.0.2.0/24' } }];
    const rendered = await helm.render(
      { networkPolicy: { webhookFrom } },
      '--show-only',
      'templates/network-policy.yaml',
    );
    const { spec } = parse(rendered) as { readonly spec: { readonly ingress: readonly Values[] } };
    const test = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'jwt-injector-test' } } };
    assert.deepEqual(spec.ingress[0]?.['from'], [test, ...webhookFrom]);
  });
});
