import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { makeEnvironment, writeProgram } from '../integration/cli-run.ts';
import { readCommands } from '../integration/page-commands.ts';
import { ROOT } from '../runs/run-program.ts';
import { startIssuerSite, type IssuerSite } from './issuer-site.ts';
import { BASE_PATH, ISSUER } from './names.ts';
import { openWorld } from './world.ts';
import { HTTP_PORT, startXrootd, type Xrootd } from './xrootd.ts';

const NAMESPACE = 'quickstart';
const HELLO = `${BASE_PATH}/hello.txt`;

/** What a reader of docs/quickstart.md does, letter for letter: the page's issuer is a site of the world, and its storage is XRootD. */
describe('the quickstart', { concurrency: false }, () => {
  const world = openWorld();
  let stage: Stage<Cluster>;
  let site: IssuerSite;
  let storage: Xrootd;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    stage = await borrowStage();
    site = await startIssuerSite(world);
    storage = await startXrootd(world, {
      issuers: [{ issuer: ISSUER }],
      files: { [HELLO]: 'Hello, OSDF\n' },
    });
    folder = await mkdtemp(join(world.folder, 'reader-'));
    const served = join(site.folder, new URL(ISSUER).host);
    await mkdir(served);
    await symlink(served, join(folder, 'site'));
    await symlink(join(ROOT, 'deploy'), join(folder, 'deploy'));
    await writeProgram(folder);
    await stage.cluster.createNamespace(NAMESPACE);
    const kubeconfig = join(folder, 'kubeconfig');
    await copyFile(stage.cluster.adminKubeconfig, kubeconfig);
    env = {
      ...makeEnvironment(stage.cluster, folder),
      KUBECONFIG: kubeconfig,
      NODE_EXTRA_CA_CERTS: world.caFile,
    };
    await run(`kubectl config set-context --current --namespace=${NAMESPACE}`);
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await storage[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await stage.stop();
  });

  const run = async (commands: string): Promise<string> => {
    const script = commands.replaceAll('STORAGE', `storage.example.com:${HTTP_PORT}`);
    const { stdout } = await promisify(execFile)('sh', ['-ec', script], { cwd: folder, env });
    return stdout;
  };

  it('ends in a token with which the storage is read, and not without it', async () => {
    const blocks = (await readCommands('quickstart')).filter(({ needs }) => needs !== 'more');
    const printed: string[] = [];
    for (const { commands } of blocks) printed.push(await run(commands));
    assert.equal(blocks.at(-1)?.needs, 'storage');
    assert.equal(printed.at(-1), 'Hello, OSDF\n');
    const verdicts = JSON.parse(await run('jwt-injector verify my-jwt -o json')).verdicts;
    assert.deepEqual([...new Set(verdicts.map(({ verdict }: { verdict: string }) => verdict))], ['accepts']);
    assert.equal((await storage.ask({ path: HELLO })).status, 403);
  });
});
