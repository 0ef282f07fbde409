import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'node:https';
import { findProgram } from '../controlplane/choose-entry.ts';
import { findFreePort } from '../controlplane/free-port.ts';
import { writeKubeconfig } from '../controlplane/kubeconfig.ts';
import { reviewText } from '../server/reviews.ts';
import { send } from '../server/started-webhook.ts';
import { makeDevCertificate, RSA_1024, type DevCertificate } from '../server/dev-certificate.ts';

/** A dozen processes start at once: on a busy machine that took half a minute. */
const ENDS_WITHIN_MS = 180_000;

/** `jwt-injector run` without a cluster. */
describe('the webhook alone', { concurrency: true }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
  });
  after(() => rm(folder, { recursive: true }));

  const start = async (
    name: string,
    { cert, key }: Pick<DevCertificate, 'cert' | 'key'>,
    env: NodeJS.ProcessEnv = {},
    more: readonly string[] = [],
    wrapper: readonly string[] = [],
  ): Promise<ChildProcessByStdio<null, Readable, Readable>> => {
    const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
    await writeFile(files.cert, cert);
    await writeFile(files.key, key);
    const flags = [
      '--no-controller',
      '--no-namespace-default',
      '--webhook-address=127.0.0.1:0',
      '--http-address=127.0.0.1:0',
      `--tls-cert-file=${files.cert}`,
      `--tls-key-file=${files.key}`,
      ...more,
    ];
    const [program = '', ...args] = [...wrapper, process.execPath, await findProgram(), 'run', ...flags];
    return spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
  };

  const unusable: readonly [string, () => Promise<Pick<DevCertificate, 'cert' | 'key'>>, RegExp][] = [
    [
      'a broken chain',
      async () => {
        const { cert, key } = await makeDevCertificate();
        return { cert: `${cert}\n${cert.replace(/.{64}\n/, 'broken\n')}`, key };
      },
      /TLS does not take this pair: bad base64 decode/,
    ],
    ['a key that is too small', () => makeDevCertificate(3_600_000, RSA_1024), /pair: ee key too small/],
  ];
  for (const [title, make, message] of unusable) {
    it(`ends with one sentence and exit code 3 when its pair has ${title}`, async () => {
      const child = await start(title.replaceAll(' ', '-'), await make());
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
      const [code] = await once(child, 'close');
      assert.equal(code, 3);
      assert.match(complaint, /^error: the webhook's certificate: [^\n]*\n$/);
      assert.match(complaint, message);
    });
  }

  it('ends with exit code 3 if one of its addresses is taken, even if the others are free', async () => {
    const port = await findFreePort();
    await using taken = createServer().listen(port, '127.0.0.2');
    await once(taken, 'listening');
    const ips = '--webhook-ips=127.0.0.1,127.0.0.2';
    const more = [`--webhook-address=:${port}`, ips, '--share-webhook-port'];
    const child = await start('taken', await makeDevCertificate(), {}, more);
    const overdue = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
    const [complaint, [code]] = await Promise.all([readText(child.stderr), once(child, 'close')]);
    clearTimeout(overdue);
    assert.match(
      complaint,
      new RegExp(`^error: --webhook-address=:${port} is in use at 127.0.0.2 by another `),
    );
    assert.equal(code, 3);
  });

  const isLimitKnown = process.platform === 'linux'; // which says it in /proc
  for (const [limit, expected] of [
    [200, isLimitKnown ? [[200, 764]] : []],
    [1_000, []],
  ] as const) {
    const title = expected.length > 0 ? 'warns of' : 'says nothing about';
    it(`${title} a limit of ${limit} open files`, async () => {
      const wrapper = ['sh', '-c', `ulimit -n ${limit}; exec "$@"`, 'sh'];
      const child = await start(`files-${limit}`, await makeDevCertificate(), {}, [], wrapper);
      const found: unknown[] = [];
      for await (const text of createInterface(child.stdout)) {
        const line: Record<string, unknown> = JSON.parse(text);
        if ('needed' in line) found.push([line['limit'], line['needed']]);
        if (line['msg'] === 'listening: webhook') child.kill('SIGTERM');
      }
      assert.deepEqual(found, expected);
    });
  }

  it('logs settings that have no effect, and variables of no flag', async () => {
    const environment = { JWT_INJECTOR_WORKER: '5', JWT_INJECTOR_WORKERS: '5' };
    const child = await start('idle', await makeDevCertificate(), environment, ['--context=x']);
    const found: Record<string, unknown>[] = [];
    for await (const text of createInterface(child.stdout)) {
      const line: Record<string, unknown> = JSON.parse(text);
      found.push(line);
      if (line['msg'] === 'listening: webhook') child.kill('SIGTERM');
    }
    const settings = found.find((line) => 'settings' in line);
    assert.deepEqual(settings?.['settings'], ['--workers', '--context']);
    const variables: unknown = found.find((line) => 'variables' in line)?.['variables'];
    assert.ok(Array.isArray(variables) && variables.includes('JWT_INJECTOR_WORKER'));
  });

  const BUGS: readonly [title: string, code: string, logged: RegExp][] = [
    ['throws an error', "throw new Error('planted bug')", /planted bug/],
    ['rejects with a text', "void Promise.reject('planted bug')", /planted bug/],
    ['rejects with nothing', 'void Promise.reject()', /^"undefined"$/],
    ['throws null', 'throw null', /^"null"$/],
  ];
  for (const [index, [title, bug, logged]] of BUGS.entries()) {
    it(`says at level error what ended it when its code ${title}`, async () => {
      const planted = encodeURIComponent(`process.once('SIGWINCH', () => { ${bug} })`);
      const environment = { NODE_OPTIONS: `--import=data:text/javascript,${planted}` };
      const pair = await makeDevCertificate();
      const port = await findFreePort();
      const more = ['--log-level=error', `--http-address=127.0.0.1:${port}`];
      const child = await start(`bug-${index}`, pair, environment, more);
      const overdue = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
      const ended = once(child, 'close');
      const output = readText(child.stdout);
      while (child.exitCode === null && (await isRefused(port))) await delay(20);
      child.kill('SIGWINCH');
      assert.deepEqual(await ended, [1, null]);
      clearTimeout(overdue);
      const [line = '', ...others] = (await output).trimEnd().split('\n');
      assert.deepEqual(others, []);
      const { level, msg, err } = JSON.parse(line) as Record<string, unknown>;
      assert.deepEqual([level, msg], ['error', 'internal error: the process ends']);
      assert.match(JSON.stringify(err), logged);
    });
  }

  it('leaves the namespace of its own pod alone, without reading any cluster', async () => {
    const pair = await makeDevCertificate();
    const kubeconfig = join(folder, 'kubeconfig');
    const access = { url: 'https://127.0.0.1:1', ca: pair.cert, user: 'pod', token: 'x' };
    await writeKubeconfig(kubeconfig, { ...access, namespace: 'tokens' });
    const child = await start('pod', pair, { KUBECONFIG: kubeconfig, KUBERNETES_SERVICE_HOST: '127.0.0.1' });
    const agent = new Agent();
    try {
      for await (const text of createInterface(child.stdout)) {
        const line = JSON.parse(text) as { msg: string; port: number };
        if (line.msg !== 'listening: webhook') continue;
        const isPatchedIn = async (namespace: string): Promise<boolean> => {
          const body = reviewText({ namespace });
          const reply = await send(line.port, '/mutate/pods', body, { agent, ca: pair.cert });
          return reply.text.includes('"patch"');
        };
        assert.deepEqual([await isPatchedIn('tokens'), await isPatchedIn('jwt-injector')], [false, true]);
        break;
      }
    } finally {
      agent.destroy();
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });

  it('starts with an expired pair, names it in its log, and is not ready', async () => {
    const child = await start('expired', await makeDevCertificate(-60_000));
    try {
      let isReported = false;
      for await (const text of createInterface(child.stdout)) {
        const line = JSON.parse(text) as { msg: string; level: string; port?: number };
        isReported ||= line.level === 'error' && line.msg.includes('certificate has expired');
        if (line.msg !== 'listening: probes and metrics') continue;
        const answer = await fetch(`http://127.0.0.1:${line.port}/readyz`);
        assert.equal(answer.status, 503);
        assert.match(
          await answer.text(),
          /^\[\+\] webhook\n\[-\] certificate: expired at \d{4}-.*\nnot ready\n$/,
        );
        break;
      }
      assert.ok(isReported);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
});

async function isRefused(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/livez`).then(
    () => false,
    () => true,
  );
}
