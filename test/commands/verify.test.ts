import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { JWK } from 'jose';
import { verifyCommand } from '../../src/commands/verify.ts';
import { publishedJwk } from '../../src/signing/key/public-jwk.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { readKey } from '../fixtures/observed.ts';
import { runCommand } from './captured-io.ts';
import { endless, json, redirect, silent, text, type Answer, type HttpsIssuer } from './https-issuer.ts';
import { JWKS, METADATA, startVerifiedSigner, type VerifiedSigner } from './verified-signer.ts';

const FALLBACK = '/.well-known/oauth-authorization-server';
const SERVERS = ['pelicanfs', 'pelican-cache', 'pelican-origin', 'xrootd'];

describe('verify', () => {
  let signer: VerifiedSigner;
  let issuer: HttpsIssuer;
  let jwk: JWK;
  const { sign, verify, report }: Pick<VerifiedSigner, 'sign' | 'verify' | 'report'> = {
    sign: (...args) => signer.sign(...args),
    verify: (...args) => signer.verify(...args),
    report: (...args) => signer.report(...args),
  };
  before(async () => {
    signer = await startVerifiedSigner();
    ({ issuer, jwk } = signer);
  });
  after(() => signer[Symbol.asyncDispose]());
  beforeEach(() => signer.reset());

  it('reports that each verifier accepts a good token, which is sent nowhere', async () => {
    const token = await sign();
    const { code, facts, refusedBy, reasons } = await report(token);
    assert.deepEqual([code, refusedBy, reasons, facts.signature], [0, [], '', 'valid']);
    assert.deepEqual(facts.advice, []);
    assert.deepEqual(
      issuer.asked.map(({ path }) => path),
      [METADATA, JWKS],
    );
    const [, claims = '', signature = ''] = token.split('.');
    for (const { path, headers } of issuer.asked)
      assert.ok(![claims, signature].some((part) => (path + headers).includes(part)));
  });

  it('shows people the requests and the verdict of each verifier, but never the signature', async () => {
    const token = await sign({ 'wlcg.ver': '1.2' });
    const { code, out } = await verify(token);
    assert.equal(code, 1);
    assert.match(out, /^ {2}https:\/\/localhost:\d+\/\.well-known\/openid-configuration {2}200$/m);
    assert.match(out, /^ {2}Pelican origin +accepts it$/m);
    assert.match(
      out,
      /^ {2}XRootD \(scitokens-cpp\) +refuses it\n {4}wlcg\.ver is not the string "1\.0".*\n {6}→ set spec/m,
    );
    assert.ok(!out.includes(token.split('.')[2] ?? ''));
  });

  it('shows that XRootD and Pelican use different URLs for an issuer that ends with a slash', async () => {
    const iss = `${issuer.url}/`;
    issuer.answers.set(METADATA, json({ issuer: iss, jwks_uri: `${issuer.url}${JWKS}` }));
    issuer.answers.delete(FALLBACK);
    const without = await report(await sign({ iss }));
    assert.deepEqual([without.code, without.refusedBy], [1, ['xrootd']]);
    assert.ok(issuer.asked.some(({ path }) => path === `/${METADATA}`));
    assert.match(without.reasons, /localhost:\d+\/\/\.well-known\/openid-configuration answers 404/);
    assert.match(without.facts.advice.join(), /the issuer ends in "\/"/);
    issuer.answers.set(FALLBACK, json({ issuer: iss, jwks_uri: `${issuer.url}${JWKS}` }));
    assert.equal((await report(await sign({ iss }))).code, 0, 'it falls back after a 404');
    issuer.answers.set(`/${METADATA}`, text('<html>'));
    assert.deepEqual((await report(await sign({ iss }))).refusedBy, ['xrootd'], 'but not after a page');
  });

  it('follows redirects of https, and says so', async () => {
    issuer.answers.set('/moved', json({ keys: [jwk] }));
    issuer.answers.set(JWKS, redirect('/moved'));
    const { code, facts } = await report(await sign());
    assert.equal(code, 0);
    assert.deepEqual(facts.asked.at(-1)?.redirects, [`${issuer.url}/moved`]);
  });

  const BAD: Readonly<
    Record<string, readonly [path: string, answer: () => Answer, says: RegExp, code?: number]>
  > = {
    'answers 404': [
      METADATA,
      () => (answer) => answer.writeHead(404).end(),
      /openid-configuration answers 404/,
    ],
    'answers HTML': [
      METADATA,
      () => text('<!doctype html><h1>Hello</h1>'),
      /openid-configuration is HTML, not JSON/,
    ],
    'answers no JSON': [JWKS, () => text('hello'), /issuer\.jwks is not JSON/],
    'redirects to http': [
      JWKS,
      () => redirect('http://localhost/keys'),
      /issuer\.jwks redirects to http:\/\/localhost\/keys, which is not https/,
    ],
    'redirects to a file': [JWKS, () => redirect('file:///etc/passwd'), /redirects to file:.* is not https/],
    'redirects to no URL': [
      JWKS,
      () => redirect('https://a:99999/x'),
      /redirects to https:\/\/a:99999\/x, which is not a URL/,
    ],
    'redirects forever': [JWKS, () => redirect(JWKS), /redirects more than 10 times/],
    'names keys at http': [
      METADATA,
      () => json({ jwks_uri: 'http://localhost/keys' }),
      /names http:\/\/localhost\/keys, which is not https/,
    ],
    'names keys at no host': [
      METADATA,
      () => json({ jwks_uri: 'https://' }),
      /openid-configuration names https:\/\/, which is not a URL/,
    ],
    'names keys at no port': [
      METADATA,
      () => json({ jwks_uri: 'https://a:99999/x' }),
      /names https:\/\/a:99999\/x, which is not a URL/,
    ],
    'names no keys': [METADATA, () => json({ issuer: 'x' }), /has no "jwks_uri"/],
    'has a JWK Set of 10 MB': [
      JWKS,
      () => json({ keys: [], fill: 'x'.repeat(10_000_000) }),
      /issuer\.jwks has more than 1 MiB/,
    ],
    'has a JWK Set without end': [JWKS, () => endless, /issuer\.jwks has more than 1 MiB/],
    'has no list of keys': [JWKS, () => json([]), /issuer\.jwks has no list "keys"/],
    'publishes no key': [JWKS, () => json({ keys: [] }), /no key of kid kid-1 is published .*; no key is/],
    'never answers': [METADATA, () => silent, /gave no whole answer within 0\.5 s/, 3],
  };
  for (const [title, [path, answer, says, exit = 1]] of Object.entries(BAD)) {
    it(`ends with exit code ${exit} for an issuer that ${title}, which all verifiers that fetch keys refuse`, async () => {
      issuer.answers.set(path, answer());
      const { code, refusedBy, reasons } = await report(
        await sign(),
        '--timeout',
        exit === 3 ? '500ms' : '10s',
      );
      assert.deepEqual([code, refusedBy], [exit, SERVERS]);
      assert.match(reasons, says);
    });
  }

  for (const timeout of ['16.1s', '600h', '1200h', '2562047h']) {
    it(`waits as long as --timeout says (${timeout}), or as long as timers allow`, async () => {
      const { code } = await verify(await sign(), '--timeout', timeout);
      assert.equal(code, 0);
    });
  }

  it('treats a --timeout of less than a millisecond as one', async () => {
    issuer.answers.set(METADATA, silent);
    const { code, reasons } = await report(await sign(), '--timeout', '0.5ms');
    assert.equal(code, 3);
    assert.match(reasons, /gave no whole answer within 0\.0005 s/);
  });

  it('ends with exit code 1 for an issuer whose certificate nobody trusts', async () => {
    const token = await sign({ iss: `${issuer.url}/untrusted` });
    const { code, out } = await runCommand(verifyCommand, ['-'], { input: token });
    assert.equal(code, 1);
    assert.match(
      out,
      /has a certificate that is not accepted \(.*\)\n {6}→ get one of a public CA for that host: .*--ca-file/,
    );
    // The test before gave up after half a millisecond, and its requests can arrive only now.
    const asked = issuer.asked.filter(({ path }) => path.includes('untrusted'));
    assert.deepEqual(asked, []);
  });

  it('ends with exit code 3 for an issuer where nobody listens', async () => {
    const { code, reasons } = await report(await sign({ iss: 'https://localhost:1' }));
    assert.equal(code, 3);
    assert.match(reasons, /cannot be reached \(ECONNREFUSED\)/);
  });

  it('names keys that do not fit, in the order in which each verifier finds them', async () => {
    const other = (await readKey(toPem(makeKey('ES256')))).publicJwk;
    const cases: readonly (readonly [keys: readonly JWK[], refusedBy: readonly string[], says: RegExp])[] = [
      [[{ ...jwk, kid: 'kid-2' }], SERVERS, /"Key ID is not published by the issuer"\); kid-2 is/],
      [
        [publishedJwk(other, 'kid-1', 'ES256')],
        SERVERS,
        /the published key of that kid is another one \("Invalid signature"\)/,
      ],
      [[publishedJwk(other, 'kid-1', 'ES256'), jwk], SERVERS, /another one/],
      [
        [(({ alg: _alg, ...rest }) => rest)(jwk)],
        ['pelican-cache', 'pelican-origin'],
        /has no alg, and Pelican skips it/,
      ],
      [[{ ...jwk, use: 'enc' }], ['pelican-cache', 'pelican-origin'], /has use "enc"/],
      [[publishedJwk(other, 'kid-2', 'ES256'), jwk], [], /^$/],
    ];
    for (const [keys, expected, says] of cases) {
      issuer.answers.set(JWKS, json({ keys }));
      const { refusedBy, reasons } = await report(await sign());
      assert.deepEqual(refusedBy, expected, String(says));
      assert.match(reasons, says);
    }
  });

  it('reports that a private key is published, whose public half the verifiers accept', async () => {
    issuer.answers.set(JWKS, json({ keys: [{ ...jwk, d: 'private', kid: 'kid-1' }] }));
    const { code, facts, refusedBy, reasons } = await report(await sign());
    assert.deepEqual([code, refusedBy, facts.signature], [0, [], 'valid']);
    assert.match(reasons, /the PRIVATE key is published, of kid kid-1: anybody can sign tokens with it/);
    assert.ok(!JSON.stringify(facts).includes('"private"'));
  });

  it('sends no request for a token without an issuer', async () => {
    const { code, refusedBy } = await report(await sign({ iss: undefined }));
    assert.deepEqual([code, refusedBy, issuer.asked], [1, ['pelican-client', ...SERVERS], []]);
  });

  const REFUSED: readonly (readonly [
    title: string,
    args: readonly string[],
    input: string,
    code: number,
    says: RegExp,
  ])[] = [
    ['no token', [], '', 2, /a token is missing/],
    ['garbage', ['-'], 'hello', 1, /standard input is not a token: it must be three parts/],
    ['a token with a line break in it', ['-'], 'eyJh.eyJh\n.abc', 1, /white space within it/],
    ['nothing', ['-'], '\n', 1, /standard input is empty/],
    ['a wrong timeout', ['-', '--timeout', 'soon'], '', 2, /--timeout must be a duration/],
    ['a file that is not there', ['-f', '/nowhere'], '', 3, /cannot read \/nowhere: there is no such file/],
    [
      'a CA that is not valid',
      ['-', '--ca-file', import.meta.filename],
      'eyJhbGciOiJFUzI1NiJ9.e30.AA',
      1,
      /holds no certificate: it must be PEM/,
    ],
    ['a Pod', ['pod', 'x'], '', 2, /"pod" has no token: use jwt NAME or secret NAME/],
    ['--key without a Secret', ['x', '--key', 'y'], '', 2, /--key is for secret NAME/],
  ];
  for (const [title, args, input, exit, says] of REFUSED) {
    it(`ends with exit code ${exit} for ${title}`, async () => {
      const { code, out, err } = await runCommand(verifyCommand, args, { input });
      assert.deepEqual([code, out], [exit, '']);
      assert.match(err, says);
    });
  }
});
