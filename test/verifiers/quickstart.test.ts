import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { readCommands } from '../integration/page-commands.ts';
import { openPageReader, type PageReader } from '../integration/page-reader.ts';
import { startIssuerSite, type IssuerSite } from './issuer-site.ts';
import { BASE_PATH, ISSUER } from './names.ts';
import { openWorld } from './world.ts';
import { HTTP_PORT, startXrootd, type Xrootd } from './xrootd.ts';

const HELLO = `${BASE_PATH}/hello.txt`;

/**
 * Follows docs/quickstart.md exactly: the page's issuer is a site of the world, and its storage is XRootD.
 */
describe('the quickstart', { concurrency: false }, () => {
  const world = openWorld();
  let stage: Stage<Cluster>;
  let site: IssuerSite;
  let storage: Xrootd;
  let folder: string;
  let reader: PageReader;
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
    reader = await openPageReader(stage.cluster, {
      folder,
      namespace: 'quickstart',
      env: { NODE_EXTRA_CA_CERTS: world.caFile },
      words: { STORAGE: `storage.example.com:${HTTP_PORT}` },
    });
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await storage[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await stage.stop();
  });

  it('ends in a token that is needed and accepted for reading the storage', async () => {
    const blocks = await readCommands('quickstart');
    const printed: string[] = [];
    for (const { commands } of blocks) printed.push(await reader.run(commands));
    assert.equal(blocks.at(-1)?.needs, 'storage');
    assert.equal(printed.at(-1), 'Hello, OSDF\n');
    const verdicts = JSON.parse(await reader.run('jwt-injector verify my-jwt -o json')).verdicts;
    assert.deepEqual([...new Set(verdicts.map(({ verdict }: { verdict: string }) => verdict))], ['accepts']);
    assert.equal((await storage.ask({ path: HELLO })).status, 403);
  });
});
