import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startHttpsIssuer, type HttpsIssuer } from '../commands/https-issuer.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { ROOT } from '../runs/run-program.ts';
import { readCommands, RUN_WHOLE } from './page-commands.ts';
import { openPageReader, type PageReader } from './page-reader.ts';

const NAMESPACE = 'docs-commands';

describe('the commands in the pages for users', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let issuer: HttpsIssuer;
  let folder: string;
  let reader: PageReader;
  before(async () => {
    stage = await borrowStage();
    issuer = await startHttpsIssuer();
    folder = await mkdtemp(join(tmpdir(), 'jwt-docs-'));
    for (const name of ['openid-configuration', 'issuer.jwks'])
      issuer.answers.set(`/.well-known/${name}`, (answer) => {
        answer.end(readFileSync(join(folder, 'site/.well-known', name)));
      });
    await writeFile(join(folder, 'ca.pem'), issuer.ca);
    reader = await openPageReader(stage.cluster, {
      folder,
      namespace: NAMESPACE,
      env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), BEARER_TOKEN_FILE: join(folder, 'token') },
      words: {
        'https://issuer.example.com': issuer.url,
        'secret KEY -n NS': `secret my-key -n ${NAMESPACE}`,
        'namespace science': `namespace ${NAMESPACE}`,
      },
    });
    // A key and a workload that the pages expect a reader to have.
    await writeFile(join(folder, 'key.pem'), NRP_KEY);
    await copyFile(join(ROOT, 'deploy/examples/token-test.yaml'), join(folder, 'deployment.yaml'));
  });
  after(async () => {
    await issuer[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    await stage.stop();
  });

  for (const page of RUN_WHOLE) {
    it(`of docs/${page}.md work unchanged`, async () => {
      const blocks = (await readCommands(page)).filter(({ needs }) => needs === 'cluster');
      assert.ok(blocks.length > 0);
      for (const { commands } of blocks) await reader.run(commands);
      await reader.run("kubectl get secret my-jwt -o jsonpath='{.data.token}' | base64 -d > token");
    });
  }

  it('end in a token that every verifier accepts', async () => {
    const verified = JSON.parse(await reader.run('jwt-injector verify my-jwt -o json')) as {
      verdicts: { verdict: string }[];
    };
    assert.deepEqual([...new Set(verified.verdicts.map(({ verdict }) => verdict))], ['accepts']);
  });
});
