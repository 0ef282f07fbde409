import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { loadCluster } from '../../../src/kube/connection/cluster.ts';
import { createCertificateAuthority } from '../../controlplane/certificates.ts';
import { answer, clientOf, startBadServer } from '../bad-server.ts';
import { inFolder, kubeconfig, type Parts } from '../kubeconfig.ts';

function problemOf(...args: Parameters<typeof loadCluster>): string {
  const cluster = loadCluster(...args);
  assert.ok(!cluster.ok);
  assert.ok(!cluster.problem.includes('\n'));
  return cluster.problem;
}

test('a kubeconfig is found by flag, by KUBECONFIG and in the home folder, in this order', () =>
  inFolder(async (folder, write) => {
    const byFlag = await write('flag', kubeconfig({ server: 'https://flag:1/' }));
    const byVariable = await write('variable', kubeconfig({ server: 'https://variable:1' }));
    const serverOf = (...args: Parameters<typeof loadCluster>): string => {
      const cluster = loadCluster(...args);
      assert.ok(cluster.ok, cluster.ok ? '' : cluster.problem);
      return cluster.value.server;
    };
    assert.equal(serverOf({ kubeconfig: byFlag }, { KUBECONFIG: byVariable }), 'https://flag:1');
    assert.equal(serverOf({}, { KUBECONFIG: byVariable, HOME: folder }), 'https://variable:1');
    assert.equal(serverOf({}, { KUBECONFIG: `/nowhere/x:${byVariable}` }), 'https://variable:1');
    const cluster = loadCluster({ kubeconfig: byFlag });
    assert.ok(cluster.ok);
    assert.equal(cluster.value.namespace, 'here');
    assert.equal(cluster.value.source, `context first of ${byFlag}`);
    const second = loadCluster({ kubeconfig: byFlag, context: 'second' });
    assert.ok(second.ok && second.value.namespace === undefined);
  }));

test('HTTPS_PROXY is used if the caller allows it, and the cluster has no proxy-url', () =>
  inFolder(async (_folder, write) => {
    const environment = { HTTPS_PROXY: 'proxy:3128', NO_PROXY: 'exempt' };
    const proxyOf = async (parts: Parts, heedsProxyVariables?: boolean): Promise<string | undefined> => {
      const file = await write('config', kubeconfig({ server: 'https://cluster:6443', ...parts }));
      const options = {
        kubeconfig: file,
        ...(heedsProxyVariables === undefined ? {} : { heedsProxyVariables }),
      };
      const loaded = loadCluster(options, environment);
      assert.ok(loaded.ok, loaded.ok ? '' : loaded.problem);
      return loaded.value.load().getCurrentCluster()?.proxyUrl;
    };
    assert.equal(await proxyOf({}, true), 'http://proxy:3128');
    assert.equal(await proxyOf({ cluster: { 'proxy-url': 'socks5://own:1080' } }, true), 'socks5://own:1080');
    assert.equal(await proxyOf({ server: 'https://exempt:6443' }, true), undefined);
    assert.equal(await proxyOf({}), undefined);
    for (const invalid of ['x:y:z', 'socks5:proxy:1080', 'socks5://']) {
      const file = await write('config', kubeconfig({ cluster: { 'proxy-url': invalid } }));
      assert.match(
        problemOf({ kubeconfig: file }),
        /^the proxy for cluster .* is not a URL: correct proxy-url/,
      );
    }
  }));

test('several files of KUBECONFIG are merged, the first current-context wins', () =>
  inFolder(async (_folder, write) => {
    const users = await write('a', stringify({ users: [{ name: 'u2', user: { token: 't' } }] }));
    const rest = await write(
      'b',
      stringify({
        clusters: [{ name: 'c2', cluster: { server: 'https://merged:1' } }],
        contexts: [{ name: 'm', context: { cluster: 'c2', user: 'u2' } }],
        'current-context': 'm',
      }),
    );
    const last = await write('d', kubeconfig());
    const cluster = loadCluster({}, { KUBECONFIG: [users, rest, last].join(':') });
    assert.ok(cluster.ok, cluster.ok ? '' : cluster.problem);
    assert.equal(cluster.value.server, 'https://merged:1');
  }));

test('every problem has cause, place and remedy, and never quotes the file', () =>
  inFolder(async (folder, write) => {
    assert.match(
      problemOf({ kubeconfig: '/nowhere/x' }),
      /^cannot read kubeconfig \/nowhere\/x: there is no such file: check --kubeconfig$/,
    );
    assert.match(problemOf({}, { KUBECONFIG: '/nowhere/x' }), /check KUBECONFIG, or set --kubeconfig$/);
    assert.match(problemOf({}, { HOME: folder }), /^no cluster is known: set --kubeconfig or KUBECONFIG/);
    assert.match(
      problemOf({}, { HOME: folder, KUBERNETES_SERVICE_HOST: '10.0.0.1' }),
      /ServiceAccount token/,
    );
    const unreadable = join(folder, '.kube', 'config');
    await mkdir(join(folder, '.kube'));
    await symlink('config', unreadable); // root may read whatever has another mode
    assert.equal(
      problemOf({}, { HOME: folder }),
      `cannot read kubeconfig ${unreadable}: ELOOP: make it readable, or set --kubeconfig`,
    );
    assert.match(
      problemOf({}, { HOME: folder, KUBERNETES_SERVICE_HOST: '10.0.0.1' }),
      /ServiceAccount token/,
    );
    assert.equal(
      problemOf({}, { KUBECONFIG: `${await write('other', kubeconfig())}:${unreadable}` }),
      `cannot read kubeconfig ${unreadable}: ELOOP: check KUBECONFIG, or set --kubeconfig`,
    );
    const good = await write('good', kubeconfig());
    assert.match(
      problemOf({ kubeconfig: good, context: 'third' }),
      /has no context "third": choose with --context one of first, second, broken$/,
    );
    assert.match(
      problemOf({ kubeconfig: good, context: 'broken' }),
      /names the cluster "nowhere", which is not there$/,
    );
    const cases: readonly [text: string, expected: RegExp][] = [
      ['token: [SECRET', /is not a usable kubeconfig: it does not parse as YAML$/],
      ['', /is not a usable kubeconfig|has no current-context/],
      ['SECRET', /is not a usable kubeconfig|has no current-context/],
      [kubeconfig({ more: { 'current-context': '' } }), /has no current-context: choose with --context/],
      [kubeconfig({ more: { clusters: [{ name: 'c' }] } }), /clusters\[0\]\.cluster is missing$/],
      [kubeconfig({ server: 'SECRET:x' }), /has no valid server URL: it must begin with https/],
      [kubeconfig({ server: 'http://127.0.0.1:1' }), /is plain http: use https/],
    ];
    for (const [index, [text, expected]] of cases.entries()) {
      const problem = problemOf({ kubeconfig: await write(`bad${index}`, text) });
      assert.match(problem, expected);
      assert.doesNotMatch(problem, /SECRET/);
    }
  }));

test('a kubeconfig may use an alias as often as it likes', () =>
  inFolder(async (_folder, write) => {
    const cluster = 'cluster: { server: https://cluster:6443, certificate-authority-data: *authority }';
    const more = Array.from({ length: 200 }, (_, index) => `  - { name: c${index}, ${cluster} }`);
    const authority = 'authority: &authority QQ==';
    const text = kubeconfig().replace('clusters:', [authority, 'clusters:', ...more].join('\n'));
    const loaded = loadCluster({ kubeconfig: await write('config', text) });
    assert.ok(loaded.ok, loaded.ok ? '' : loaded.problem);
  }));

test('an exec plugin is called, and called again after a 401', () =>
  inFolder(async (folder, write) => {
    await using server = await startBadServer((request, response) =>
      answer(response, request.headers.authorization === 'Bearer run-2' ? 200 : 401, {}),
    );
    const plugin = await write(
      'plugin.cjs',
      `const fs = require('node:fs');
       fs.appendFileSync(process.argv[2], 'x');
       const token = 'run-' + fs.readFileSync(process.argv[2], 'utf8').length;
       console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token } }));`,
    );
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: [plugin, join(folder, 'count')],
    };
    const file = await write(
      'config',
      kubeconfig({
        server: server.url,
        cluster: { 'insecure-skip-tls-verify': true },
        user: { token: undefined, exec },
      }),
    );
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');
    assert.equal(server.requests.length, 2);
  }));

test('a new certificate authority is used when the server’s certificate is not of the old one', () =>
  inFolder(async (_folder, write) => {
    const [old, next] = await Promise.all([
      createCertificateAuthority('old'),
      createCertificateAuthority('new'),
    ]);
    const issue = async (authority: typeof old) => {
      const { certificate, key } = await authority.issue(['localhost'], ['127.0.0.1']);
      return { cert: certificate, key };
    };
    await using server = await startBadServer(
      (_request, response) => answer(response, 200, {}),
      await issue(old),
    );
    await write('ca.crt', old.certificate);
    const file = await write(
      'config',
      kubeconfig({ server: server.url, cluster: { 'certificate-authority': 'ca.crt' } }),
    );
    const cluster = loadCluster({ kubeconfig: file });
    assert.ok(cluster.ok);
    await using client = clientOf(cluster.value);
    await client.get('/version');

    server.tls?.setSecureContext(await issue(next));
    for (const socket of server.sockets) socket.destroy();
    await assert.rejects(client.get('/version'), { reason: 'Tls' });

    await write('ca.crt', next.certificate);
    await new Promise((resolve) => setTimeout(resolve, 1_050)); // files are read at most once a second
    await client.get('/version');
  }));
