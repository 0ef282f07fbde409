import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { findBinaries } from './binaries.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import { createFakeGo, type FakeGo } from './fake-go.ts';
import { identifyProcess } from './process-identity.ts';
import { waitUntilGone } from './running-processes.ts';
import { waitUntil } from './wait-until.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const DEAD = `${hostname()}-4194305-1`; // larger than the largest pid of Linux
const REAL_KEY = /^v1\.\d+\.\d+-[0-9a-f]{8}-(linux|darwin)-(amd64|arm64)$/;

describe('finding the control plane programs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-binaries-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Resolves to the progress output. */
  async function find(environment: NodeJS.ProcessEnv): Promise<string> {
    let said = '';
    await findBinaries(environment, { write: (text) => (said += text) });
    return said;
  }

  async function refusal(environment: NodeJS.ProcessEnv): Promise<string> {
    const error: unknown = await find(environment).catch((reason: unknown) => reason);
    assert.ok(error instanceof ControlPlaneError, `not refused: ${String(error)}`);
    return error.message;
  }

  function startBuild(environment: NodeJS.ProcessEnv) {
    return spawn(process.execPath, [MAIN, '--build-only'], { env: environment, stdio: 'ignore' });
  }

  /** Pids of all `go build` so far and of their compilers. */
  async function readBuilds(go: FakeGo): Promise<number[]> {
    return (await readFile(go.log, 'utf8')).split(/\s+/).filter(Boolean).map(Number);
  }

  async function waitForBuild(go: FakeGo): Promise<number[]> {
    return waitUntil('a build to begin', 60_000, async () => {
      const pids = await readBuilds(go);
      return pids.length > 0 && pids;
    });
  }

  it('names every program that KUBEBUILDER_ASSETS lacks, in one message', async () => {
    await writeFile(join(folder, 'etcd'), '', { mode: 0o755 });
    await writeFile(join(folder, 'kubectl'), 'not executable', { mode: 0o644 });
    const message = await refusal({ KUBEBUILDER_ASSETS: folder });
    assert.match(message, /no executable kube-apiserver, kube-controller-manager, kubectl in it/);
  });

  it('takes KUBEBUILDER_ASSETS when all four programs are there', async () => {
    for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl']) {
      await writeFile(join(folder, name), '', { mode: 0o755 });
    }
    const found = await findBinaries({ KUBEBUILDER_ASSETS: folder });
    assert.equal(found['kube-apiserver'], join(folder, 'kube-apiserver'));
  });

  it('says what to do when there is no Go, and leaves nothing', async () => {
    const message = await refusal({ PATH: folder, JWT_INJECTOR_CACHE: join(folder, 'cache') });
    assert.match(message, /no go on PATH.*Install Go 1\.26.*KUBEBUILDER_ASSETS/);
    assert.deepEqual(await readdir(join(folder, 'cache', 'controlplane')), []);
  });

  it('says what to do when Go is too old', async () => {
    const go = await createFakeGo(folder, { FAKE_GO_VERSION: '1.25.9' });
    assert.match(await refusal(go.environment), /is 1\.25, Kubernetes needs 1\.26 or newer\. Install Go/);
  });

  it('builds once, under a name that holds version, contents and platform, and reuses it', async () => {
    const go = await createFakeGo(folder);
    const said = await find(go.environment);
    assert.match(said, /^Building the Kubernetes 1\.\d+\.\d+ control plane.*about 8 minutes.* 6 GB/);
    const [key = '', ...others] = await readdir(go.cache);
    assert.match(key, REAL_KEY);
    assert.deepEqual(others, []);
    assert.equal(await find(go.environment), '');
    assert.equal((await readBuilds(go)).length, 2);
  });

  it('builds again when a program is missing from the cache', async () => {
    const go = await createFakeGo(folder);
    await find(go.environment);
    const [key = ''] = await readdir(go.cache);
    await rm(join(go.cache, key, 'kubectl'));
    await find(go.environment);
    assert.equal((await readBuilds(go)).length, 4);
  });

  it('shows the last lines of Go and a remedy when the disk is full, and leaves nothing', async () => {
    const go = await createFakeGo(folder, { FAKE_GO_FAILS: 'write $WORK/b001: no space left on device' });
    assert.match(
      await refusal(go.environment),
      /go build ended with 1.*\n.*no space left.*\nFree about 6 GB/,
    );
    assert.deepEqual(await readdir(go.cache), []);
  });

  it('shows the last lines of Go and a remedy when a download fails', async () => {
    const go = await createFakeGo(folder, { FAKE_GO_FAILS: 'k8s.io/api@v0.37.2: dial tcp: lookup proxy' });
    assert.match(await refusal(go.environment), /dial tcp.*\nGo could not download/);
  });

  it('says so when the cache folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    const message = await refusal({ PATH: '', JWT_INJECTOR_CACHE: join(folder, 'file') });
    assert.match(message, /cannot use the cache folder .*set JWT_INJECTOR_CACHE/);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    it(`leaves no compiler and nothing half-made after ${signal} during a build`, async () => {
      const go = await createFakeGo(folder, { FAKE_GO_SECONDS: '100' });
      const build = startBuild(go.environment);
      const pids = await waitForBuild(go);
      assert.equal((await readdir(go.cache)).length, 2, 'a lock and a temporary folder');
      build.kill(signal);
      await once(build, 'exit');
      await waitUntilGone(pids);
      await waitUntil('an empty cache folder', 60_000, async () => (await readdir(go.cache)).length === 0);
    });
  }

  it('lets the second of two builds wait for the first and use its result', async () => {
    const go = await createFakeGo(folder, { FAKE_GO_SECONDS: '100' });
    const first = startBuild(go.environment);
    const [, compiler = 0] = await waitForBuild(go);
    let said = '';
    const write = (text: string): void => {
      if (said === '') process.kill(compiler); // the second build waits: the first one may end
      said += text;
    };
    await findBinaries(go.environment, { write });
    assert.match(said, /^Waiting for another build/);
    assert.equal((await readBuilds(go)).length, 2);
    if (first.exitCode === null) await once(first, 'exit');
    assert.equal(first.exitCode, 0);
  });

  it('takes over from a build that is interrupted while this one waits', async () => {
    const go = await createFakeGo(folder, { FAKE_GO_SECONDS: '100' });
    const first = startBuild(go.environment);
    await waitForBuild(go);
    const second = findBinaries(
      { ...go.environment, FAKE_GO_SECONDS: '0' },
      { write: () => first.kill('SIGKILL') }, // it says that it waits
    );
    assert.match((await second).kubectl, /kubectl$/);
  });

  it("takes over a dead owner's lock and removes a dead owner's leftovers, no others", async () => {
    const go = await createFakeGo(folder);
    await find(go.environment);
    const [key = ''] = await readdir(go.cache);
    await rm(join(go.cache, key), { recursive: true });
    const alive = `v1.36.0.building-${identifyProcess(process.pid)}`;
    await writeFile(join(go.cache, `${key}.lock`), DEAD);
    await mkdir(join(go.cache, `v1.36.0.building-${DEAD}`));
    await mkdir(join(go.cache, alive));
    await find(go.environment);
    assert.deepEqual((await readdir(go.cache)).toSorted(), [alive, key]);
  });
});
