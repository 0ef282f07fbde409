import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { certsCommand } from '../../src/commands/certs.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { borrowEmptyCluster, type BorrowedCluster } from '../controlplane/loan.ts';
import { callAs } from '../integration/cli-run.ts';
import { CHART, openHelm, UNCHECKED, type Helm } from './helm.ts';

const RELEASE = ['jwt-injector', CHART, '--namespace', 'jwt-injector', UNCHECKED];

describe('certs trust --keep with a release that Helm wrote without server-side apply, as Helm 3 does', () => {
  let cluster: BorrowedCluster;
  let helm: Helm;
  let certificate: string;
  let says: string;
  before(async () => {
    cluster = await borrowEmptyCluster();
    helm = await openHelm(cluster.adminKubeconfig);
  });
  beforeEach(async () => {
    ({ certificate } = await createCertificateAuthority('an admin'));
    const values = await helm.valuesFile({ certificate: { mode: 'files', caBundle: certificate } });
    await helm.run('install', ...RELEASE, '--create-namespace', '--server-side=false', '-f', values);
    const file = join(cluster.folder, 'ca.crt');
    await writeFile(file, certificate);
    const outcome = await callAs(cluster.adminKubeconfig, []).run(certsCommand, 'trust', file, '--keep');
    assert.equal(outcome.code, 0, outcome.err);
    says = outcome.err;
  });
  afterEach(() => helm.run('uninstall', 'jwt-injector', '--namespace', 'jwt-injector'));
  after(async () => {
    await helm?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  /** The CA that is trusted after an upgrade to a chart that does not set it. */
  async function upgrade(...flags: readonly string[]): Promise<string> {
    await helm.run('upgrade', ...RELEASE, '--reset-values', ...flags);
    const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
    const configuration = ['mutatingwebhookconfiguration', 'jwt-injector'];
    const { stdout } = await cluster.kubectl(['get', ...configuration, '-o', path]);
    return Buffer.from(stdout, 'base64').toString().trim();
  }

  it('names the flags that keep caBundle', async () => {
    const [flags = ''] = /--server-side=true --force-conflicts/.exec(says) ?? [];
    assert.equal(await upgrade(...flags.split(' ')), certificate.trim());
  });

  it('has no effect without these flags', async () => assert.equal(await upgrade(), ''));
});
