import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Cluster } from './cluster.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { findFreePort } from './free-port.ts';
import { borrowStage } from './loan.ts';
import { markRunning } from './nodes.ts';
import { waitUntilGone } from './running-processes.ts';
import { waitUntil } from './wait-until.ts';

const WITHIN_MS = 60_000; // a second or two is usual

describe('a control plane that emulates 1.34, beside another one', { concurrency: false }, () => {
  let newest: Cluster;
  let endLoan: () => Promise<void>;
  let older: ControlPlane;
  const starts: string[] = [];
  let free: number;
  before(async () => {
    // Another process already uses the first port that is found.
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    free = await findFreePort();
    const ports = [(squatter.address() as AddressInfo).port, free];
    const findPort = async () => ports.shift() ?? findFreePort();
    const stage = await borrowStage({ withoutService: true });
    [newest, endLoan] = [stage.cluster, () => stage.stop()];
    older = await startControlPlane({
      emulatedVersion: '1.34',
      findPort,
      log: (line) => starts.push(line),
    }).finally(() => squatter.close());
  });
  after(async () => {
    await older?.stop();
    await endLoan?.();
  });

  it('uses another port if another process took the first one', () => {
    assert.equal(older.url, `https://127.0.0.1:${free}`);
    assert.equal(starts.filter((line) => line.startsWith('kube-apiserver started')).length, 2);
  });

  async function readVersion(controlPlane: Cluster): Promise<Record<string, string>> {
    return JSON.parse((await controlPlane.kubectl(['get', '--raw', '/version'])).stdout);
  }

  it('report their versions: the emulated minor is in a field of its own, which servers before 1.31 lack', async () => {
    const minorOf = ({ emulationMinor, minor }: Record<string, string>): number =>
      Number(emulationMinor ?? minor);
    const plain = await readVersion(newest);
    assert.equal(minorOf(plain), Number(plain['minor']));
    const emulating = await readVersion(older);
    assert.equal(emulating['minor'], plain['minor']);
    assert.equal(minorOf(emulating), Math.min(34, Number(plain['minor'])));
  });

  it('create the pods of a Deployment, which can be marked as running', async () => {
    for (const controlPlane of [newest, older]) {
      await controlPlane.createNamespace('apps');
      await controlPlane.kubectl(['create', 'deployment', 'web', '--image=web', '--namespace=apps']);
      const list = ['get', 'pods', '--namespace=apps', '--output=jsonpath={.items[*].metadata.name}'];
      const pod = await waitUntil(
        'a pod',
        WITHIN_MS,
        async () => (await controlPlane.kubectl(list)).stdout || undefined,
      );
      await markRunning(controlPlane, 'apps', pod);
      const available = [
        'wait',
        '--for=condition=Available',
        'deployment/web',
        '--namespace=apps',
        `--timeout=${WITHIN_MS}ms`,
      ];
      await controlPlane.kubectl(available);
    }
  });

  it('are independent of each other', async () => {
    await older.createNamespace('only-here');
    const { code, stderr } = await newest.kubectl(['get', 'namespace', 'only-here'], { allowFailure: true });
    assert.equal(code, 1);
    assert.match(stderr, /NotFound/);
    const mixed = await older.kubectl(['--server', newest.url, 'get', 'namespaces'], { allowFailure: true });
    assert.match(mixed.stderr, /certificate signed by unknown authority/);
  });

  it('collect garbage', async () => {
    await older.createNamespace('garbage');
    await older.kubectl(['create', 'deployment', 'gone', '--image=gone', '--namespace=garbage']);
    const list = ['get', 'pods', '--namespace=garbage', '--output=name'];
    await waitUntil('a pod', WITHIN_MS, async () => (await older.kubectl(list)).stdout !== '');
    await older.kubectl(['delete', 'deployment', 'gone', '--namespace=garbage']);
    await waitUntil('no pod', WITHIN_MS, async () => (await older.kubectl(list)).stdout === '');
  });

  it('give ServiceAccounts the rights of RBAC and no more', async () => {
    const kubeconfig = await older.serviceAccountKubeconfig('default', 'default');
    const who = await older.kubectl(['auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'], {
      kubeconfig,
    });
    assert.equal(who.stdout, 'system:serviceaccount:default:default');
    const secrets = await older.kubectl(['get', 'secrets'], { kubeconfig, allowFailure: true });
    assert.match(secrets.stderr, /Forbidden/);
    await assert.rejects(older.serviceAccountKubeconfig('default', 'nobody'), /default\/nobody \(404\)/);
  });

  it('refuse with the message of kubectl', async () => {
    await assert.rejects(
      older.kubectl(['get', 'unicorns']),
      /kubectl get unicorns ended with exit code 1: .*unicorns/,
    );
    await assert.rejects(older.apply('kind: [broken'), /this is not YAML/);
  });

  it('stop answering while paused, and keep their data over a killed API server and etcd', async () => {
    const ask = ['get', 'namespace', 'default'];
    older.apiServer.pause();
    const asked = await older.kubectl([...ask, '--request-timeout=1s'], { allowFailure: true });
    assert.notEqual(asked.code, 0);
    older.apiServer.resume();
    await older.kubectl(ask);

    const killed = older.apiServer.pid;
    await older.apiServer.kill();
    await waitUntilGone([killed]);
    await older.etcd.restart();
    await older.apiServer.restart();
    assert.notEqual(older.apiServer.pid, killed);
    await older.kubectl(['get', 'namespace', 'only-here']);
  });

  it('leave no process and no folder when stopped, restarted and paused ones included', async () => {
    const processes = [older.etcd, older.apiServer, older.controllerManager].map(({ pid }) => pid);
    older.etcd.pause();
    await older.stop();
    await waitUntilGone(processes);
    assert.equal(existsSync(older.folder), false);
    await newest.kubectl(['get', 'namespace', 'default']);
    await older.stop();
  });
});

describe('a control plane that starts badly', () => {
  it('shows the end of the log of the component that ended, and leaves nothing', async (t) => {
    const { TMPDIR } = process.env;
    const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-test-'));
    t.after(async () => {
      if (TMPDIR === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = TMPDIR;
      await rm(folder, { recursive: true });
    });
    process.env['TMPDIR'] = folder;
    const pids: number[] = [];
    const log = (line: string) => pids.push(Number(/\(pid (\d+)\)/.exec(line)?.[1]));
    await assert.rejects(startControlPlane({ apiServerArgs: ['--no-such-flag'], log }), {
      name: 'ControlPlaneError',
      message:
        /kube-apiserver died while starting \(exit code 1\); its log ends with:[^]*unknown flag: --no-such-flag/,
    });
    assert.ok(pids.length >= 2);
    await waitUntilGone(pids);
    assert.deepEqual(await readdir(folder), []);
  });

  it('refuses a timeout that is not a duration', async (t) => {
    process.env['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT'] = 'soon';
    t.after(() => delete process.env['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT']);
    await assert.rejects(startControlPlane(), /START_TIMEOUT is "soon": give a duration like 90s/);
  });

  it('names the late component after the timeout', async (t) => {
    process.env['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT'] = '1ms';
    t.after(() => delete process.env['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT']);
    await assert.rejects(
      startControlPlane(),
      /(etcd|kube-apiserver) was not ready within 0 s \(KUBEBUILDER_CONTROLPLANE_START_TIMEOUT\)/,
    );
  });
});
