import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { startConnectProxy } from '../proxies/connect-proxy.ts';
import type { ProxyServer } from '../proxies/proxy-server.ts';
import { startSocksProxy } from '../proxies/socks-proxy.ts';
import { wirePod } from '../commands/status/status-pods.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import { startReaper, type Reaper } from '../controlplane/reaper.ts';
import { startService } from '../controlplane/service.ts';
import { bundleIn } from '../deploy/bundled-checkout.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { answer, refuse, startBadServer, type BadServer } from '../kube/bad-server.ts';
import { execute } from '../runs/execute.ts';

const PAST = Math.floor(Date.now() / 1000) - 60;
const FUTURE = PAST + 3_600;

/** A name that nothing but a proxy of these tests leads anywhere (RFC 6761): no request gets past it. */
const BEHIND = 'api.invalid';

/** Without a signature: nobody here checks it. */
function idToken(claims: object): string {
  const parts = [{ alg: 'RS256' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, 'c2lnbmF0dXJl'].join('.');
}

/** The bundle has nothing beside it that it could load instead of its own parts. */
describe('what the bundle loads only when it is used', () => {
  let folder: string;
  let entry: string;
  let reaper: Reaper;
  let server: BadServer;
  let authority: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-late-'));
    reaper = await startReaper();
    reaper.remove(folder);
    const checkout = await bundleIn(join(folder, 'checkout'));
    await cp(join(checkout, 'dist'), join(folder, 'app/dist'), { recursive: true });
    entry = join(folder, 'app/dist/main.js');
    const issuer = await createCertificateAuthority('late');
    const { certificate, key } = await issuer.issue([BEHIND], ['127.0.0.1']);
    authority = Buffer.from(issuer.certificate).toString('base64');
    server = await startBadServer(
      ({ path }, response) => {
        const found = ANSWERS[path];
        if (found !== undefined) answer(response, 200, found());
        else if (path.endsWith('/exec')) refuse(response, 403, 'Forbidden');
        else answer(response, 200, { metadata: { resourceVersion: '1' }, items: [] });
      },
      { cert: certificate, key },
    );
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await reaper.finish();
  });

  const ANSWERS: Readonly<Record<string, () => object>> = {
    '/apis/tokens.osg-htc.org/v1/jwts': () => ({ metadata: { resourceVersion: '1' }, items: [wireJwt()] }),
    '/api/v1/pods': () => ({ metadata: { resourceVersion: '1' }, items: [wirePod()] }),
  };

  const writeConfig = async (user: object, url = server.url, proxy?: string): Promise<string> => {
    const file = join(folder, 'config');
    const cluster = { server: url, 'certificate-authority-data': authority, 'proxy-url': proxy };
    const config = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(file, stringify(config));
    server.requests.length = 0;
    return file;
  };
  const status = async (...args: readonly string[]): Promise<string> => {
    const ended = await execute(process.execPath, [entry, 'status', '-A', ...args]).catch((error) => error);
    return `${ended.stdout}${ended.stderr}`;
  };
  const runUntilAsked = async (kubeconfig: string): Promise<void> => {
    const adopt = (pid: number) => {
      reaper.watch(pid);
      return () => reaper.forget(pid);
    };
    const args = ['--no-webhook', `--kubeconfig=${kubeconfig}`];
    const service = await startService({ adopt }, { args, entry, cwd: folder, staysUnready: true });
    await server.received(1);
    await service.stop();
  };
  const authorizations = (): ReadonlySet<unknown> =>
    new Set(server.requests.map(({ headers }) => headers.authorization));
  const askTwice = async (kubeconfig: string, authorization: string): Promise<void> => {
    await runUntilAsked(kubeconfig);
    await status(`--kubeconfig=${kubeconfig}`);
    assert.deepEqual(authorizations(), new Set([authorization]));
  };

  it('is complete: each part exports what its package does', async () => {
    const parts = (await readdir(join(folder, 'app/dist/parts'))).filter((file) => file.endsWith('.cjs'));
    assert.ok(parts.length > 0);
    const require = createRequire(import.meta.url);
    for (const part of parts) {
      const made = new Set(Object.keys(require(join(folder, 'app/dist/parts', part))));
      const missing = Object.keys(require(part.replace(/\.cjs$/, ''))).filter((name) => !made.has(name));
      assert.deepEqual(missing, [], part);
    }
  });

  for (const [title, start, scheme] of [
    ['a SOCKS proxy', startSocksProxy, 'socks5'],
    ['a proxy', startConnectProxy, 'http'],
  ] as const) {
    it(`reaches the API server through ${title}, with requests and WebSockets`, async () => {
      const proxy: ProxyServer & { asked: readonly string[] } = await start(server.url);
      await using _ = proxy;
      const { port } = new URL(server.url);
      const file = await writeConfig(
        { token: 'mine' },
        `https://${BEHIND}:${port}`,
        `${scheme}://127.0.0.1:${proxy.port}`,
      );
      await runUntilAsked(file);
      assert.match(await status(`--kubeconfig=${file}`, '--exec'), /you are not allowed to exec into pods/);
      assert.ok(server.requests.some(({ path }) => path.endsWith('/exec')));
      assert.deepEqual(new Set(proxy.asked), new Set([`${BEHIND}:${port}`]));
      assert.deepEqual(authorizations(), new Set(['Bearer mine']));
    });
  }

  it('logs in by OpenID Connect', async () => {
    const withToken = (token: string) => {
      const config = {
        'idp-issuer-url': server.url,
        'client-id': 'kubectl',
        'refresh-token': 'refresh',
        'id-token': token,
      };
      return writeConfig({ 'auth-provider': { name: 'oidc', config } });
    };
    const valid = idToken({ exp: FUTURE });
    await askTwice(await withToken(valid), `Bearer ${valid}`);
    // client-node gives the library a text where it wants a URL: what arrives is the library's own refusal.
    const refused = await status(`--kubeconfig=${await withToken(idToken({ exp: PAST }))}`);
    assert.match(refused, /no credentials for .*: ERR_INVALID_ARG_TYPE/);
  });

  it('logs in by the tool of a cloud, and by an exec plugin', async () => {
    const tool = join(folder, 'tool.cjs');
    const apiVersion = 'client.authentication.k8s.io/v1';
    const words = {
      apiVersion,
      kind: 'ExecCredential',
      status: { token: 'of-plugin' },
      found: { token: 'of-tool', until: '2100-01-01T00:00:00Z' },
    };
    await writeFile(tool, `console.log('${JSON.stringify(words)}')`);
    const config = {
      'cmd-path': process.execPath,
      'cmd-args': tool,
      'token-key': '{.found.token}',
      'expiry-key': '{.found.until}',
    };
    for (const [user, token] of [
      [{ 'auth-provider': { name: 'gcp', config } }, 'of-tool'],
      [{ exec: { apiVersion, command: process.execPath, args: [tool] } }, 'of-plugin'],
    ] as const) {
      await askTwice(await writeConfig(user), `Bearer ${token}`);
    }
  });
});
