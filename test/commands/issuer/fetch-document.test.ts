import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fetchDocument, trustAuthorities } from '../../../src/commands/issuer/fetch-document.ts';
import { startConnectProxy, type ConnectProxy } from '../../proxies/connect-proxy.ts';
import { startSocksProxy, type SocksProxy } from '../../proxies/socks-proxy.ts';
import {
  BEHIND_PROXY,
  endless,
  json,
  redirect,
  startHttpsIssuer,
  type HttpsIssuer,
} from '../https-issuer.ts';

describe('a document of an issuer that only the proxy of HTTPS_PROXY reaches', () => {
  const url = `https://${BEHIND_PROXY}/jwks`;
  let issuer: HttpsIssuer;
  let proxy: ConnectProxy;
  before(async () => {
    issuer = await startHttpsIssuer();
  });
  after(() => issuer[Symbol.asyncDispose]());
  beforeEach(async () => {
    proxy = await startConnectProxy(issuer.url);
    issuer.answers.clear();
    issuer.answers.set('/jwks', json({ keys: [] }));
  });
  afterEach(() => proxy[Symbol.asyncDispose]());

  const fetch = (environment: NodeJS.ProcessEnv = {}, timeout = 20_000) =>
    fetchDocument(url, {
      trust: trustAuthorities(issuer.ca),
      timeout,
      environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, ...environment },
    });
  const problemOf = async (...args: Parameters<typeof fetch>): Promise<string> => {
    const fetched = await fetch(...args);
    assert.ok(!fetched.ok);
    assert.ok(fetched.problem.isUnreachable, fetched.problem.message);
    return fetched.problem.message;
  };

  it('is fetched through it, without the proxy seeing more than the host', async () => {
    const fetched = await fetch();
    assert.deepEqual(fetched, { ok: true, value: { status: 200, text: '{"keys":[]}', redirects: [] } });
    assert.deepEqual(proxy.asked, [`${BEHIND_PROXY}:443`]);
  });

  it('is fetched with the credentials of the proxy, and over redirects', async () => {
    issuer.answers.set('/jwks', redirect(`https://${BEHIND_PROXY}:8443/other`));
    issuer.answers.set('/other', json({ keys: [] }));
    const fetched = await fetch({ HTTPS_PROXY: `http://some:p%40ss@127.0.0.1:${proxy.port}` });
    assert.ok(fetched.ok && fetched.value.status === 200);
    const basic = `Basic ${Buffer.from('some:p@ss').toString('base64')}`;
    assert.deepEqual(proxy.asked, [`${BEHIND_PROXY}:443 ${basic}`, `${BEHIND_PROXY}:8443 ${basic}`]);
  });

  it('is cut off like any other if it has no end', async () => {
    issuer.answers.set('/jwks', endless);
    const fetched = await fetch();
    assert.match(fetched.ok ? '' : fetched.problem.message, /^has more than 1 MiB/);
  });

  it('is fetched directly with NO_PROXY', async () => {
    assert.match(await problemOf({ NO_PROXY: BEHIND_PROXY }), /^cannot be reached \(E/);
    assert.deepEqual(proxy.asked, []);
  });

  it('fails after the timeout if the proxy or the host behind it is silent', async () => {
    for (const does of ['nothing', 'end'] as const) {
      proxy.does = does;
      assert.match(await problemOf({}, 300), /^gave no whole answer within 0\.3 s$/);
    }
  });

  it('cannot be reached if the proxy refuses, is down, or has no valid URL', async () => {
    proxy.does = 'refuse';
    assert.equal(await problemOf(), 'cannot be reached: the proxy of HTTPS_PROXY answers 403');
    const invalid = 'cannot be reached: the proxy of HTTPS_PROXY is not a URL of http, https or socks5';
    for (const HTTPS_PROXY of ['http://', 'socks5://', 'socks4://127.0.0.1:1080'])
      assert.equal(await problemOf({ HTTPS_PROXY }), invalid);
    const { port } = proxy;
    await proxy[Symbol.asyncDispose]();
    proxy = await startConnectProxy(issuer.url);
    assert.equal(
      await problemOf({ HTTPS_PROXY: `127.0.0.1:${port}` }),
      'cannot be reached: the proxy of HTTPS_PROXY gives no connection (ECONNREFUSED)',
    );
  });

  describe('by SOCKS', () => {
    let socks: SocksProxy;
    beforeEach(async () => {
      socks = await startSocksProxy(issuer.url);
    });
    afterEach(() => socks[Symbol.asyncDispose]());
    const addressOf = (scheme: string, credentials = '') =>
      `${scheme}://${credentials}127.0.0.1:${socks.port}`;

    it('is fetched, and the proxy looks the host up', async () => {
      for (const HTTPS_PROXY of [addressOf('socks5'), addressOf('socks5h', 'some:p%40ss@')])
        assert.ok((await fetch({ HTTPS_PROXY })).ok);
      assert.deepEqual(socks.asked, [`${BEHIND_PROXY}:443`, `${BEHIND_PROXY}:443 some:p@ss`]);
    });

    it('cannot be reached where the proxy refuses or is away, and is not waited for longer than the timeout', async () => {
      const HTTPS_PROXY = addressOf('socks5');
      socks.does = 'refuse';
      assert.equal(
        await problemOf({ HTTPS_PROXY }),
        'cannot be reached: the proxy of HTTPS_PROXY gives no connection (Socks5 proxy rejected connection - NotAllowed)',
      );
      socks.does = 'nothing';
      assert.match(await problemOf({ HTTPS_PROXY }, 300), /^gave no whole answer within 0\.3 s$/);
      await socks[Symbol.asyncDispose]();
      assert.match(await problemOf({ HTTPS_PROXY }), /HTTPS_PROXY gives no connection \(ECONNREFUSED\)$/);
      socks = await startSocksProxy(issuer.url);
    });
  });

  it('must come with a certificate of its host, not of the proxy', async () => {
    const fetched = await fetchDocument(`https://other.test/jwks`, {
      trust: trustAuthorities(issuer.ca),
      timeout: 20_000,
      environment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` },
    });
    assert.match(
      fetched.ok ? '' : fetched.problem.message,
      /certificate that is not accepted \(ERR_TLS_CERT_ALTNAME/,
    );
  });
});
