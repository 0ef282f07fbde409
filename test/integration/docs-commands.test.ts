import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { startHttpsIssuer, type HttpsIssuer } from '../commands/https-issuer.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { makeEnvironment, writeProgram } from './cli-run.ts';
import { readCommands } from './page-commands.ts';

const ROOT = join(import.meta.dirname, '../..');
const NAMESPACE = 'docs-commands';
const ISSUER = 'https://issuer.example.com';
/** In this order: the later ones use what the first makes. */
const PAGES = ['quickstart', 'rotation', 'clients', 'troubleshooting'];

describe('the commands in the pages for users', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let issuer: HttpsIssuer;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    stage = await borrowStage();
    issuer = await startHttpsIssuer();
    folder = await mkdtemp(join(tmpdir(), 'jwt-docs-'));
    for (const name of ['openid-configuration', 'issuer.jwks'])
      issuer.answers.set(`/.well-known/${name}`, (answer) => {
        answer.end(readFileSync(join(folder, 'site/.well-known', name)));
      });
    await writeProgram(folder);
    await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
    await writeFile(join(folder, 'ca.pem'), issuer.ca);
    await stage.cluster.createNamespace(NAMESPACE);
    const kubeconfig = join(folder, 'kubeconfig');
    await copyFile(stage.cluster.adminKubeconfig, kubeconfig);
    env = {
      ...makeEnvironment(stage.cluster, folder),
      KUBECONFIG: kubeconfig,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      BEARER_TOKEN_FILE: join(folder, 'token'),
    };
    await run(`kubectl config set-context --current --namespace=${NAMESPACE}`);
  });
  after(async () => {
    await issuer[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    await stage.stop();
  });

  const run = async (commands: string): Promise<string> => {
    const script = commands.replaceAll(ISSUER, issuer.url);
    const { stdout } = await promisify(execFile)('sh', ['-ec', script], { cwd: folder, env });
    return stdout;
  };

  for (const page of PAGES) {
    it(`of docs/${page}.md work as they stand there`, async () => {
      const blocks = (await readCommands(page)).filter(({ needs }) => needs === 'cluster');
      assert.ok(blocks.length > 0);
      for (const { commands } of blocks) await run(commands);
      await run("kubectl get secret my-jwt -o jsonpath='{.data.token}' | base64 -d > token");
    });
  }

  it('end in a token that every verifier accepts', async () => {
    const verified = JSON.parse(await run('jwt-injector verify my-jwt -o json')) as {
      verdicts: { verdict: string }[];
    };
    assert.deepEqual([...new Set(verified.verdicts.map(({ verdict }) => verdict))], ['accepts']);
  });
});
