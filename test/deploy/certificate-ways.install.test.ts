import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readCertificates } from '../../src/certificates/read-certificates.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { borrowEmptyCluster, type BorrowedCluster } from '../controlplane/loan.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { runShell } from '../integration/cli-run.ts';
import { playCertificateCluster, type CertificateCluster } from './certificate-cluster.ts';
import { readInstructions } from './documented.ts';
import { readForeignCrds } from './foreign-crds.ts';
import { openHelm, type Helm } from './helm.ts';

const PAGE = 'docs/certificates.md';
const WITHIN_MS = 60_000;
/** Index of the first cert-manager command that changes the issuer. */
const ANOTHER_ISSUER = 6;

describe('from one certificate to another as docs/certificates.md says', { concurrency: false }, () => {
  let cluster: BorrowedCluster;
  let helm: Helm;
  let played: CertificateCluster;
  /** For the commands of the pages. */
  let programs: { readonly helm: string };
  before(async () => {
    cluster = await borrowEmptyCluster();
    helm = await openHelm(cluster.adminKubeconfig);
    programs = { helm: helm.unchecked };
    await cluster.apply(await readForeignCrds('cert-manager'));
    await follow('docs/install.md', '## With Helm');
    played = await playCertificateCluster(cluster);
    await cluster.kubectl([
      'rollout',
      'status',
      'deployment/jwt-injector',
      '-n',
      'jwt-injector',
      '--timeout=90s',
    ]);
  });
  after(async () => {
    await played?.[Symbol.asyncDispose]();
    await helm?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  /** Follows the section. Its files are in the reader's folder. */
  async function follow(
    page: string,
    heading: string,
    {
      files = {},
      from = 0,
      to = 99,
    }: { files?: Readonly<Record<string, string>>; from?: number; to?: number } = {},
  ): Promise<string> {
    const commands = readInstructions(page, heading).commands.slice(from, to);
    assert.ok(commands.length > 0, `${heading} has no command that can be run`);
    return runShell(cluster, commands, { files, programs });
  }

  async function bundles(): Promise<readonly (readonly string[])[]> {
    const path = '{range .items[*].webhooks[*]}{.clientConfig.caBundle}{"\\n"}{end}';
    const kinds = 'mutatingwebhookconfigurations,validatingwebhookconfigurations';
    const { stdout } = await cluster.kubectl(['get', kinds, '-o', `jsonpath=${path}`]);
    const texts = stdout.trimEnd().split('\n');
    assert.equal(texts.length, 5);
    return texts.map((text) =>
      readCertificates(Buffer.from(text, 'base64').toString()).map(({ subject }) => subject),
    );
  }

  /**
   * Asserts that all pods serve the certificate of this Secret, and that no running pod had one that was not
   * trusted.
   */
  async function assertServed(secret: string): Promise<void> {
    await waitUntil(`all pods serve with ${secret}`, WITHIN_MS, () => {
      const served = played.served();
      return served.size === 1 && served.has(secret);
    });
    assert.deepEqual(played.distrusted, []);
  }

  async function assertTrusted(subject: string): Promise<void> {
    for (const bundle of await bundles()) assert.deepEqual(bundle, [subject]);
  }

  it('begins with a self-issued one', () => assertServed('jwt-injector-tls'));

  it('each step can be undone before cert-manager has taken over', async () => {
    for (const to of [3, 5]) {
      await follow(PAGE, '## cert-manager', { to });
      await assertServed(to === 3 ? 'jwt-injector-tls' : 'jwt-injector-cert-manager');
      await follow(PAGE, '## Back to self-issued');
      await assertServed('jwt-injector-tls');
      for (const bundle of await bundles()) assert.equal(bundle.length, 1);
    }
  });

  it('cert-manager takes over, with its CA beside the earlier one until no pod needs that', async () => {
    await follow(PAGE, '## cert-manager', { to: 3 });
    await assertServed('jwt-injector-tls');
    for (const bundle of await bundles()) assert.equal(bundle.length, 2);
    await follow(PAGE, '## cert-manager', { from: 3, to: 5 });
    await assertServed('jwt-injector-cert-manager');
    for (const bundle of await bundles()) assert.equal(bundle.length, 2);
    await follow(PAGE, '## cert-manager', { from: 5, to: ANOTHER_ISSUER });
    await waitUntil('cert-manager keeps caBundle', WITHIN_MS, async () =>
      (await bundles()).every((bundle) => bundle.join() === 'CN=cert-manager'),
    );
    await assertServed('jwt-injector-cert-manager');
  });

  it('cert-manager changes its issuer', async () => {
    const authority = await createCertificateAuthority('new issuer');
    played.authorities.set('new-issuer', authority);
    const files = { 'new-ca.crt': authority.certificate };
    await follow(PAGE, '## cert-manager', { files, from: ANOTHER_ISSUER });
    await waitUntil('cert-manager keeps caBundle', WITHIN_MS, async () =>
      (await bundles()).every((bundle) => bundle.join() === 'CN=new issuer'),
    );
    await assertServed('jwt-injector-cert-manager');
  });

  it('in one step instead, pods would have been refused: this test detects it', async () => {
    await follow(PAGE, '## Back to self-issued');
    await assertServed('jwt-injector-tls');
    for (const bundle of await bundles()) assert.equal(bundle.length, 1);
    const [all = ''] = readInstructions(PAGE, '## cert-manager').commands;
    const ownIssuer = '--set certificate.issuerRef.name=';
    await runShell(cluster, [`${all.replace('takeOver=issue', 'takeOver=complete')} ${ownIssuer}`], {
      programs,
    });
    await waitUntil('a pod is not trusted', WITHIN_MS, () => played.distrusted.length > 0);
  });

  it('an admin’s own certificate, then one of a new CA', async () => {
    await follow(PAGE, '## Back to self-issued');
    await waitUntil(
      'all are self-issued',
      WITHIN_MS,
      () => !played.served().has('jwt-injector-cert-manager'),
    );
    played.distrusted.length = 0;
    const [first, second] = [
      await createCertificateAuthority('first'),
      await createCertificateAuthority('second'),
    ];
    const names = ['jwt-injector.jwt-injector.svc'];
    const [pair, newPair] = [await first.issue(names, []), await second.issue(names, [])];
    const files = {
      'ca.crt': first.certificate,
      'tls.crt': pair.certificate,
      'tls.key': pair.key,
      'new-ca.crt': second.certificate,
      'new-tls.crt': newPair.certificate,
      'new-tls.key': newPair.key,
    };
    await follow(PAGE, '## From files', { files, to: 5 });
    await assertServed('my-certificate');
    await assertTrusted('CN=first');
    await follow(PAGE, '## From files', { files, from: 5 });
    await assertServed('my-certificate');
    await assertTrusted('CN=second');
  });

  describe('the CA in the manifests', { concurrency: false }, () => {
    const WAY_OUT = 2;
    const files: Record<string, string> = {};
    before(async () => {
      const authority = await createCertificateAuthority('in the manifests');
      const pair = await authority.issue(['jwt-injector.jwt-injector.svc'], []);
      Object.assign(files, {
        'ca.crt': authority.certificate,
        'tls.crt': pair.certificate,
        'tls.key': pair.key,
      });
      await follow(PAGE, '## Back to self-issued');
      await assertServed('jwt-injector-tls');
      await cluster.kubectl(['delete', 'secret', 'my-certificate', '-n', 'jwt-injector']);
    });

    /** Starts with `caBundle` set by the value of the chart, and by no other manager any more. */
    async function beginWithValue(): Promise<void> {
      const [, ...trustAndServe] = readInstructions(PAGE, '## From files').commands.slice(0, 5);
      await runShell(cluster, trustAndServe, { files, programs });
      const [, setValue = ''] = readInstructions(PAGE, '## The CA in the manifests').commands;
      const changed = { 'ca-bundle.crt': `${files['ca.crt']}\n` };
      const lines = [`${setValue} --force-conflicts`];
      await runShell(cluster, lines, { files: changed, programs });
      await assertServed('my-certificate');
    }

    it('is set while the certificate is self-issued, with the same bytes', async () => {
      await follow(PAGE, '## From files', { files, to: 5 });
      await follow(PAGE, '## The CA in the manifests', { to: WAY_OUT });
      await assertServed('my-certificate');
      await assertTrusted('CN=in the manifests');
    });

    it('is removed for a self-issued certificate', async () => {
      await beginWithValue();
      await follow(PAGE, '## The CA in the manifests', { files, from: WAY_OUT });
      await assertServed('jwt-injector-tls');
      for (const bundle of await bundles()) assert.equal(bundle.length, 1);
    });

    it('is removed for cert-manager', async () => {
      await beginWithValue();
      await follow(PAGE, '## The CA in the manifests', { files, from: WAY_OUT, to: WAY_OUT + 1 });
      const [issue = '', ...others] = readInstructions(PAGE, '## cert-manager').commands;
      const first = `${issue} --set certificate.secretName= --set certificate.caBundle=`;
      await runShell(cluster, [first, ...others.slice(0, ANOTHER_ISSUER - 1)], {
        programs,
      });
      await assertServed('jwt-injector-cert-manager');
    });

    it('without --keep, pods would have been refused: this test detects it', async () => {
      await follow(PAGE, '## Back to self-issued');
      await assertServed('jwt-injector-tls');
      await beginWithValue();
      const [trust = '', ...others] = readInstructions(PAGE, '## The CA in the manifests').commands.slice(
        WAY_OUT,
      );
      const lines = [trust.replace(' --keep', ''), ...others];
      await runShell(cluster, lines, { files, programs });
      await waitUntil('a pod is not trusted', WITHIN_MS, () => played.distrusted.length > 0);
    });
  });
});
