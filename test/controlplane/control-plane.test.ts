import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { findFreePort } from './free-port.ts';
import { markRunning } from './nodes.ts';
import { waitUntilGone } from './running-processes.ts';
import { waitUntil } from './wait-until.ts';

describe('two control planes side by side, one of them emulating 1.34', () => {
  let newest: ControlPlane;
  let older: ControlPlane;
  const starts: string[] = [];
  let free: number;
  before(async () => {
    // Somebody else has the first port that is found.
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    free = await findFreePort();
    const ports = [(squatter.address() as AddressInfo).port, free];
    const findPort = async () => ports.shift() ?? findFreePort();
    const started = await Promise.allSettled([
      startControlPlane({ findPort, log: (line) => starts.push(line) }),
      startControlPlane({ emulatedVersion: '1.34' }),
    ]);
    squatter.close();
    const [first, second] = started.map((start) => {
      if (start.status === 'rejected') throw start.reason;
      return start.value;
    });
    assert.ok(first !== undefined && second !== undefined);
    [newest, older] = [first, second];
  });
  after(() => Promise.all([newest.stop(), older.stop()]));

  it('take another port when someone else was quicker', () => {
    assert.equal(newest.url, `https://127.0.0.1:${free}`);
    assert.equal(starts.filter((line) => line.startsWith('kube-apiserver started')).length, 2);
  });

  async function readVersion(controlPlane: ControlPlane): Promise<Record<string, string>> {
    return JSON.parse((await controlPlane.kubectl(['get', '--raw', '/version'])).stdout);
  }

  it('say their version: the emulated minor is in a field of its own, which servers before 1.31 lack', async () => {
    const minorOf = ({ emulationMinor, minor }: Record<string, string>): number =>
      Number(emulationMinor ?? minor);
    const plain = await readVersion(newest);
    assert.equal(minorOf(plain), Number(plain['minor']));
    const emulating = await readVersion(older);
    assert.equal(emulating['minor'], plain['minor']);
    assert.equal(minorOf(emulating), Math.min(34, Number(plain['minor'])));
  });

  it('make a Deployment into pods, which can be marked running', async () => {
    for (const controlPlane of [newest, older]) {
      await controlPlane.createNamespace('apps');
      await controlPlane.kubectl(['create', 'deployment', 'web', '--image=web', '--namespace=apps']);
      const list = ['get', 'pods', '--namespace=apps', '--output=jsonpath={.items[*].metadata.name}'];
      const pod = await waitUntil(
        'a pod',
        10_000,
        async () => (await controlPlane.kubectl(list)).stdout || undefined,
      );
      await markRunning(controlPlane, 'apps', pod);
      const available = [
        'wait',
        '--for=condition=Available',
        'deployment/web',
        '--namespace=apps',
        '--timeout=10s',
      ];
      await controlPlane.kubectl(available);
    }
  });

  it('know nothing of each other', async () => {
    await newest.createNamespace('only-here');
    const { code, stderr } = await older.kubectl(['get', 'namespace', 'only-here'], { allowFailure: true });
    assert.equal(code, 1);
    assert.match(stderr, /NotFound/);
    const mixed = await newest.kubectl(['--server', older.url, 'get', 'namespaces'], { allowFailure: true });
    assert.match(mixed.stderr, /certificate signed by unknown authority/);
  });

  it('collect garbage', async () => {
    await newest.createNamespace('garbage');
    await newest.kubectl(['create', 'deployment', 'gone', '--image=gone', '--namespace=garbage']);
    const list = ['get', 'pods', '--namespace=garbage', '--output=name'];
    await waitUntil('a pod', 10_000, async () => (await newest.kubectl(list)).stdout !== '');
    await newest.kubectl(['delete', 'deployment', 'gone', '--namespace=garbage']);
    await waitUntil('no pod', 10_000, async () => (await newest.kubectl(list)).stdout === '');
  });

  it('give ServiceAccounts the rights of RBAC and no more', async () => {
    const kubeconfig = await newest.serviceAccountKubeconfig('default', 'default');
    const who = await newest.kubectl(['auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'], {
      kubeconfig,
    });
    assert.equal(who.stdout, 'system:serviceaccount:default:default');
    const secrets = await newest.kubectl(['get', 'secrets'], { kubeconfig, allowFailure: true });
    assert.match(secrets.stderr, /Forbidden/);
    await assert.rejects(newest.serviceAccountKubeconfig('default', 'nobody'), /default\/nobody \(404\)/);
  });

  it('refuse with the words of kubectl', async () => {
    await assert.rejects(
      newest.kubectl(['get', 'unicorns']),
      /kubectl get unicorns ended with exit code 1: .*unicorns/,
    );
    await assert.rejects(newest.apply('kind: [broken'), /this is not YAML/);
  });

  it('stop answering while paused, and keep their data over a killed API server and etcd', async () => {
    const ask = ['get', 'namespace', 'default', '--request-timeout=1s'];
    newest.apiServer.pause();
    assert.notEqual((await newest.kubectl(ask, { allowFailure: true })).code, 0);
    newest.apiServer.resume();
    await newest.kubectl(ask);

    const killed = newest.apiServer.pid;
    await newest.apiServer.kill();
    await waitUntilGone([killed]);
    await newest.etcd.restart();
    await newest.apiServer.restart();
    assert.notEqual(newest.apiServer.pid, killed);
    await newest.kubectl(['get', 'namespace', 'only-here']);
  });

  it('leave no process and no folder when stopped, restarted and paused ones included', async () => {
    const processes = [newest.etcd, newest.apiServer, newest.controllerManager].map(({ pid }) => pid);
    newest.etcd.pause();
    await newest.stop();
    await waitUntilGone(processes);
    assert.equal(existsSync(newest.folder), false);
    await older.kubectl(['get', 'namespace', 'default']);
    await newest.stop();
  });
});

describe('a control plane that starts badly', () => {
  it('shows the end of the log of what died, and leaves nothing', async (t) => {
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

  it('says what was late when its time is over', async (t) => {
    process.env['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT'] = '1ms';
    t.after(() => delete process.env['KUBEBUILDER_CONTROLPLANE_START_TIMEOUT']);
    await assert.rejects(
      startControlPlane(),
      /(etcd|kube-apiserver) was not ready within 0 s \(KUBEBUILDER_CONTROLPLANE_START_TIMEOUT\)/,
    );
  });
});
