import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { certsCommand } from '../../../src/commands/certs.ts';
import type { Command } from '../../../src/commands/command.ts';
import { doctorCommand } from '../../../src/commands/doctor.ts';
import { explainCommand } from '../../../src/commands/explain.ts';
import { inspectCommand } from '../../../src/commands/inspect.ts';
import { jwksCommand } from '../../../src/commands/jwks.ts';
import { migrateCommand } from '../../../src/commands/migrate.ts';
import { renewCommand } from '../../../src/commands/renew.ts';
import { statusCommand } from '../../../src/commands/status.ts';
import { verifyCommand } from '../../../src/commands/verify.ts';
import { refuse } from '../../kube/bad-server.ts';
import { runCommand } from '../captured-io.ts';
import { startConnectProxy, type ConnectProxy } from '../../proxies/connect-proxy.ts';
import { startStoredApi, type StoredApi } from '../stored-api.ts';

const CALLS: readonly (readonly [command: Command, ...args: readonly string[]])[] = [
  [certsCommand],
  [doctorCommand],
  [explainCommand, 'jwt', 'x'],
  [explainCommand, 'pod', 'x'],
  [inspectCommand, 'x'],
  [jwksCommand, 'x'],
  [migrateCommand, 'check', '-A'],
  [migrateCommand, 'clean', '-A'],
  [renewCommand, 'x'],
  [statusCommand, '-A'],
  [statusCommand, 'x'],
  [verifyCommand, '-A'],
];

describe('a command whose credentials the API server does not accept', () => {
  let api: StoredApi;
  before(async () => {
    api = await startStoredApi();
    api.interfere = (_request, response) => {
      refuse(response, 401, 'Unauthorized');
      return 'answered';
    };
  });
  after(() => api[Symbol.asyncDispose]());

  for (const [index, [command, ...args]] of CALLS.entries()) {
    it(`ends with exit code 3, and says so in one line (${index + 1}. ${args.join(' ')})`, async () => {
      const { code, out, err } = await api.run(command, ...args);
      assert.deepEqual([code, out], [3, '']);
      assert.match(err, /^error: the API server does not accept your credentials: .*\n$/);
    });
  }
});

describe('a command for an API server that only the proxy of HTTPS_PROXY reaches', () => {
  let api: StoredApi;
  let proxy: ConnectProxy;
  before(async () => {
    api = await startStoredApi();
    proxy = await startConnectProxy(api.url);
  });
  beforeEach(() => {
    process.env['HTTPS_PROXY'] = `http://127.0.0.1:${proxy.port}`;
    proxy.asked.length = 0;
  });
  afterEach(() => {
    delete process.env['HTTPS_PROXY'];
    delete process.env['NO_PROXY'];
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  const status = async () => {
    const config = parse(await readFile(api.kubeconfig, 'utf8'));
    Object.assign(config.clusters[0].cluster, { server: 'https://api.test', 'tls-server-name': 'localhost' });
    const kubeconfig = `${api.kubeconfig}-proxied`;
    await writeFile(kubeconfig, stringify(config));
    return runCommand(statusCommand, ['--kubeconfig', kubeconfig]);
  };

  it('asks through it, as kubectl does', async () => {
    const { code, err } = await status();
    assert.deepEqual([code, err], [0, '']);
    assert.ok(proxy.asked.length > 0 && proxy.asked.every((asked) => asked === 'api.test:443'));
  });

  it('connects directly with NO_PROXY', async () => {
    process.env['NO_PROXY'] = '.test';
    const { code, err } = await status();
    assert.equal(code, 3);
    assert.match(err, /^error: no answer from the API server/);
    assert.deepEqual(proxy.asked, []);
  });

  it('reports in one line if it is not a URL', async () => {
    process.env['HTTPS_PROXY'] = 'http://';
    const { code, err } = await status();
    assert.equal(code, 3);
    assert.match(err, /^error: .*HTTPS_PROXY.*\n$/);
  });
});
