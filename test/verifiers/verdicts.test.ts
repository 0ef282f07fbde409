import assert from 'node:assert/strict';
import { createHmac, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { verifyCommand } from '../../src/commands/verify.ts';
import { findIssuerUrls, jwksUrl } from '../../src/signing/issuer/urls.ts';
import { makeKey } from '../fixtures/keys.ts';
import { secondsFromNow, signByHand } from './hand-made.ts';
import { startIssuerSite, type IssuerSite } from './issuer-site.ts';
import { BASE_PATH, ISSUER, SLASH_ISSUER } from './names.ts';
import { startDirector, type Director } from './pelicanfs/director.ts';
import { startReader, type Reader } from './pelicanfs/reader.ts';
import { PLAIN_DATA } from './signer.ts';
import { PUBLICATIONS, Raw, type Jwk, type Parts, type Publication } from './verdict-publications.ts';
import { VERDICT_TOKENS, type VerdictRow } from './verdict-tokens.ts';
import { openWorld } from './world.ts';
import { startXrootd, type Xrootd } from './xrootd.ts';

const HELLO = `${BASE_PATH}/hello.txt`;
const JUDGES = ['xrootd', 'pelicanfs'] as const;

type Judge = (typeof JUDGES)[number];
type Verdicts = Readonly<
  Record<Judge, { readonly verdict: string; readonly reasons: readonly { rule: string }[] }>
>;

/** Compares all verdicts of `verify` about XRootD and pelicanfs with their decisions about the same token. */
describe('the verdicts of verify are those of the real verifiers', { concurrency: false }, () => {
  const world = openWorld();
  const keys = {
    right: makeKey('ES256'),
    other: makeKey('ES256'),
    rsa: makeKey('RS256'),
    es384: makeKey('ES384'),
    ed25519: makeKey('EdDSA'),
  };
  const publications = Object.entries(PUBLICATIONS).map(([title, row], index) => ({
    title,
    row,
    issuer: `${ISSUER}/p${index + 1}`,
  }));
  const tokenFile = join(world.folder, 'verdict-token');
  let site: IssuerSite;
  let storage: Xrootd;
  let director: Director;
  let reader: Reader;
  before(async () => {
    site = await startIssuerSite(world);
    const issuers = [ISSUER, SLASH_ISSUER, ...publications.map(({ issuer }) => issuer)];
    storage = await startXrootd(world, {
      issuers: issuers.map((issuer) => ({ issuer })),
      files: { [HELLO]: 'Hello, OSDF\n' },
    });
    director = await startDirector(world, { issuers });
    reader = await startReader(world, tokenFile);
    const plain = PUBLICATIONS['as jwks makes it'] ?? assert.fail('no such row');
    for (const issuer of [ISSUER, SLASH_ISSUER]) serve(plain.publish(partsOf(issuer)), partsOf(issuer).urls);
    for (const { row, issuer } of publications) serve(row.publish(partsOf(issuer)), partsOf(issuer).urls);
  });
  after(async () => {
    await reader[Symbol.asyncDispose]();
    await director[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  function partsOf(issuer: string): Parts {
    const urls = findIssuerUrls(issuer);
    if (!urls.ok) throw new Error(urls.problem);
    const { openid, xrootdFallback: oauth } = urls.value;
    const jwkOf = (key: KeyObject, kid: string, alg: string): Jwk => ({
      ...createPublicKey(key).export({ format: 'jwk' }),
      kid,
      alg,
      use: 'sig',
    });
    return {
      issuer,
      urls: { openid, oauth, jwks: jwksUrl(issuer), moved: `${issuer.replace(/\/$/, '')}/moved` },
      right: jwkOf(keys.right, 'right', 'ES256'),
      other: jwkOf(keys.other, 'other', 'ES256'),
      rsa: jwkOf(keys.rsa, 'rsa', 'RS256'),
      es384: jwkOf(keys.es384, 'es384', 'ES384'),
    };
  }

  function serve(publication: Publication, urls: Parts['urls']): void {
    for (const [name, content] of Object.entries(publication)) {
      const url = urls[name as keyof Parts['urls']];
      const text = JSON.stringify(content);
      site.answers.set(url, content instanceof Raw ? content.answer : (_, response) => response.end(text));
    }
  }

  function signRow({ by, header, claims, isDer, edit }: VerdictRow, issuer: string): string {
    const times = { iat: secondsFromNow(-60), nbf: secondsFromNow(-60), exp: secondsFromNow(3600) };
    const id = { jti: crypto.randomUUID() };
    const body = { ...PLAIN_DATA, iss: issuer, ...times, ...id, ...claims };
    const head = { alg: 'ES256', kid: 'right', typ: 'JWT', ...header };
    const token = signByHand(head, body, (input) => {
      if (by === 'nobody') return Buffer.alloc(0);
      if (by === 'hmac') return createHmac('sha256', 'right').update(input).digest();
      const key = keys[by ?? 'right'];
      const hash = by === 'ed25519' ? null : by === 'es384' ? 'sha384' : 'sha256';
      return sign(hash, Buffer.from(input), { key, dsaEncoding: isDer === true ? 'der' : 'ieee-p1363' });
    });
    return edit?.(token) ?? token;
  }

  /** The result of `verify` for the token; every verifier refuses a text that is not a token. */
  async function verify(token: string): Promise<Verdicts> {
    await writeFile(tokenFile, token);
    const [out, err]: [string[], string[]] = [[], []];
    const streams = {
      stdin: Readable.from(['']),
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => err.push(text) },
    };
    const args = ['-f', tokenFile, '-o', 'json', '--ca-file', world.caFile, '--timeout', '5s'];
    await verifyCommand(args, streams);
    const none = { verdict: 'refuses', reasons: [{ rule: err.join('') }] };
    if (out.length === 0) return { xrootd: none, pelicanfs: none };
    const { verdicts } = JSON.parse(out.join(''));
    return Object.fromEntries(
      verdicts.map((each: { verifier: string }) => [each.verifier, each]),
    ) as Verdicts;
  }

  /** The decisions of the real programs. */
  async function tryOut(token: string, isWrite: boolean): Promise<Readonly<Record<Judge, string>>> {
    const request = isWrite
      ? { method: 'PUT', path: `${BASE_PATH}/${crypto.randomUUID()}`, body: 'x' }
      : { path: HELLO };
    const { status, log } = await storage.ask({ ...request, token });
    const sent = director.sent.length;
    await reader.read(`pelican://director.example.com${HELLO}`, true);
    const reason = /scitokens_GenerateAcls: (.*)/.exec(log)?.[1] ?? '';
    return {
      xrootd: status === 200 ? 'accepts' : `refuses: ${status} ${reason}`,
      pelicanfs: director.sent.slice(sent).includes(true) ? 'accepts' : 'refuses',
    };
  }

  async function compare(token: string, { differs = {}, isWrite }: VerdictRow): Promise<void> {
    const said = await verify(token);
    const done = await tryOut(token, isWrite === true);
    const wrong = JUDGES.flatMap((judge) => {
      const { verdict, reasons } = said[judge];
      // A doubt says that the token is accepted here, and could be refused elsewhere.
      const expected = verdict === 'doubts' ? 'accepts' : verdict;
      const agrees = expected === done[judge].split(':')[0];
      if (agrees === (differs[judge] === undefined)) return [];
      const rules = reasons.map(({ rule }) => rule).join(', ');
      return [`verify says that ${judge} ${verdict} it (${rules}), and it ${done[judge]}`];
    });
    assert.deepEqual(wrong, []);
  }

  describe('for a token:', () => {
    for (const [title, row] of Object.entries(VERDICT_TOKENS))
      it(title, () => compare(signRow(row, ISSUER), row));
  });

  describe('for an issuer that publishes:', () => {
    for (const { title, row, issuer } of publications) {
      it(title, () => {
        const { signsRsa, header, differs } = row;
        const rsa = signsRsa === true ? { header: { alg: 'RS256', kid: 'rsa' }, by: 'rsa' as const } : {};
        const changed = { ...rsa, ...(header === undefined ? {} : { header }) };
        return compare(signRow(changed, issuer), differs === undefined ? {} : { differs });
      });
    }
  });
});
