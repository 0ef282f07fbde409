import assert from 'node:assert/strict';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { loadCluster, type ClusterOptions } from '../../../src/kube/connection/cluster.ts';
import type { Clock } from '../../../src/time/clock.ts';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { answer, clientOf, startBadServer, type BadServer } from '../bad-server.ts';
import { skippingClock } from '../../time/skipping-clock.ts';
import { inFolder, kubeconfig } from '../kubeconfig.ts';

const VERSION = 'client.authentication.k8s.io/v1';

/** The body of a plugin that prints this token. */
const printing = (token: string): string =>
  `console.log(JSON.stringify({ apiVersion: '${VERSION}', kind: 'ExecCredential', status: { token: '${token}' } }));`;

/** Starts a server that accepts `Bearer good`, and the client of a kubeconfig whose plugin is this script of Node. */
async function withPlugin(
  script: string,
  use: (client: ReturnType<typeof clientOf>, server: BadServer, folder: string) => Promise<void>,
  { exec = {}, clock, ...options }: ClusterOptions & { exec?: object; clock?: Clock | undefined } = {},
): Promise<void> {
  await using server = await startBadServer(({ headers }, response) =>
    answer(response, headers.authorization === 'Bearer good' ? 200 : 401, {}),
  );
  await inFolder(async (folder, write) => {
    await write('plugin.cjs', `const fs = require('node:fs');\n${script}`);
    const command = process.execPath;
    const plugin = { apiVersion: VERSION, command, args: [join(folder, 'plugin.cjs'), folder], ...exec };
    const file = await write(
      'config',
      kubeconfig({
        server: server.url,
        cluster: {
          'insecure-skip-tls-verify': true,
          extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { garden: 'x' } }],
        },
        user: { token: undefined, exec: plugin },
      }),
    );
    const cluster = loadCluster({ kubeconfig: file, ...options });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value, clock);
    await use(client, server, folder);
  });
}

const nodeName = basename(process.execPath);

/** Writes its process id, and never ends. */
const ENDLESS = `fs.writeFileSync(process.argv[2] + '/pid', String(process.pid)); setInterval(() => {}, 1_000);`;

async function pidIn(folder: string): Promise<number> {
  let pid = 0;
  await waitUntil('the plugin runs', 30_000, async () => {
    pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''));
    return pid > 0;
  });
  return pid;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a plugin that never ends costs a call its deadline, and is ended with the client', async () => {
  let pid = 0;
  await withPlugin(ENDLESS, async (client, server, folder) => {
    await assert.rejects(client.get('/version', { deadline: 200 }), {
      reason: 'Credentials',
      message: `get /version: Credentials (no credentials for ${server.url}: the plugin ${nodeName} of the kubeconfig has not answered yet)`,
    });
    pid = await pidIn(folder);
    const stopping = new AbortController();
    const watching = client.watch('/api/v1/pods', {}, stopping.signal)[Symbol.asyncIterator]().next();
    stopping.abort();
    await assert.rejects(watching, { reason: 'Aborted' });
    assert.equal(server.requests.length, 0);
    assert.ok(isRunning(pid));
  });
  await waitUntil('the plugin is gone', 30_000, () => !isRunning(pid));
});

test('a plugin that hangs once its credentials were refused leaves the old ones in use', () =>
  withPlugin(
    `const count = process.argv[2] + '/count';
     fs.appendFileSync(count, 'x');
     if (fs.readFileSync(count, 'utf8').length > 1) setInterval(() => {}, 1_000);
     else ${printing('good')}`,
    async (client, server) => {
      const patiently = { deadline: 60_000 };
      await client.get('/version', patiently);
      const { handler } = server;
      server.handler = (_request, response) => answer(response, 401, {});
      await assert.rejects(client.get('/version', patiently), { status: 401 });
      server.handler = handler;
      await client.get('/version', patiently);
    },
  ));

test('a plugin that is slow delays the first call of the service, and a later one gets its credentials', () =>
  withPlugin(`setTimeout(() => { ${printing('good')} }, 500);`, async (client, server) => {
    await assert.rejects(client.get('/version', { deadline: 50 }), { reason: 'Credentials' });
    await client.get('/version', { deadline: 30_000 });
    assert.equal(server.requests.length, 1);
  }));

test('where a person may have to log in, the deadline is the API server’s alone', () =>
  withPlugin(
    `setTimeout(() => { ${printing('good')} }, 3_500);`,
    async (client, server) => {
      await client.get('/version', { deadline: 3_000 });
      assert.equal(server.requests.length, 1);
    },
    { asksPeople: true },
  ));

test('a plugin gets what kubectl would give it: the cluster, if the kubeconfig wants that', () =>
  withPlugin(
    `fs.writeFileSync(process.argv[2] + '/info', process.env.KUBERNETES_EXEC_INFO + process.env.OWN); ${printing('good')}`,
    async (client, server, folder) => {
      await client.get('/version');
      const text = await readFile(join(folder, 'info'), 'utf8');
      assert.ok(text.endsWith('}value'));
      assert.deepEqual(JSON.parse(text.slice(0, -'value'.length)), {
        kind: 'ExecCredential',
        apiVersion: VERSION,
        spec: {
          interactive: false,
          cluster: { server: server.url, 'insecure-skip-tls-verify': true, config: { garden: 'x' } },
        },
      });
    },
    { exec: { provideClusterInfo: true, env: [{ name: 'OWN', value: 'value' }] } },
  ));

test('a plugin’s path counts from the folder of the kubeconfig', async () => {
  await inFolder(async (folder, write) => {
    await using server = await startBadServer(({ headers }, response) =>
      answer(response, headers.authorization === 'Bearer good' ? 200 : 401, {}),
    );
    await mkdir(join(folder, 'bin'));
    const file = join('bin', 'plugin');
    await chmod(await write(file, `#!${process.execPath}\n${printing('good')}`), 0o755);
    const exec = { apiVersion: VERSION, command: `./${file}` };
    const config = kubeconfig({
      server: server.url,
      cluster: { 'insecure-skip-tls-verify': true },
      user: { token: undefined, exec },
    });
    const cluster = loadCluster({ kubeconfig: await write('config', config) });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
  });
});

test('a call whose credentials are refused waits for a plugin that takes its time', () => {
  const slowly = `const first = process.argv[2] + '/first';
    if (fs.existsSync(first)) setTimeout(() => { ${printing('good')} }, 1_500);
    else { fs.writeFileSync(first, ''); ${printing('old')} }`;
  return withPlugin(slowly, async (client, server) => {
    await client.get('/version');
    assert.deepEqual(
      server.requests.map(({ headers }) => headers.authorization),
      ['Bearer old', 'Bearer good'],
    );
  });
});

test('credentials that have expired are not used again', () => {
  const clock = skippingClock();
  return withPlugin(
    `const status = { token: 'good', expirationTimestamp: new Date(Date.now() - 1_000).toISOString() };
     fs.appendFileSync(process.argv[2] + '/count', 'x');
     console.log(JSON.stringify({ apiVersion: '${VERSION}', status }));`,
    async (client, _server, folder) => {
      await client.get('/version', { deadline: 60_000 });
      clock.skip(31_000); // headers are looked at again after 30 s
      await client.get('/version', { deadline: 60_000 });
      assert.equal(await readFile(join(folder, 'count'), 'utf8'), 'xx');
    },
    { clock },
  );
});

const BAD: readonly [title: string, script: string, exec: object, why: RegExp][] = [
  ['fails', 'console.error("SECRET"); process.exit(3);', {}, /ended with exit code 3: run it by hand\)$/],
  ['is ended', 'process.kill(process.pid, "SIGKILL");', {}, /was ended by SIGKILL\)$/],
  ['prints no JSON', 'console.log("SECRET");', {}, /printed no JSON\)$/],
  [
    'prints no credentials',
    `console.log('{"apiVersion":"${VERSION}"}');`,
    {},
    /neither a token nor a client/,
  ],
  ['has another version', 'console.log("{}");', {}, /printed another version of ExecCredential/],
  ['prints without end', 'console.log("SECRET".repeat(1e6));', {}, /prints more than credentials\)$/],
  [
    'is not there',
    '',
    { command: 'no-such-plugin' },
    /the plugin no-such-plugin of the kubeconfig cannot be run \(ENOENT\): install it, or correct users\[\]\.user\.exec\.command\)$/,
  ],
  ['has no command', '', { command: null }, /cannot be run: correct users\[\]\.user\.exec\)$/],
];
for (const [title, script, exec, why] of BAD)
  test(`a plugin that ${title} is named, and nothing of its output`, () =>
    withPlugin(
      script,
      (client) =>
        assert.rejects(client.get('/version', { deadline: 30_000 }), (error: Error) => {
          assert.match(error.message, why);
          assert.match(error.message, /Credentials \(no credentials for http:.*: the plugin /);
          assert.doesNotMatch(error.message, /SECRET/);
          return true;
        }),
      { exec },
    ));
