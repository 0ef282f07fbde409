import { isJsonObject, stringMap } from '../../resources/json.ts';
import type { PublishedKey } from '../../signing/issuer/key-set.ts';
import { jwksUrl, OPENID_PATH, JWKS_PATH, type IssuerUrls } from '../../signing/issuer/urls.ts';
import { formatTime, parseTime, formatUtc } from '../../time/format-time.ts';
import type { Seconds } from '../../time/units.ts';
import { PAGE_STYLE } from './page-style.ts';

/** When keys were first published in a folder: RFC 3339, by thumbprint. */
type Since = Readonly<Record<string, string>>;

interface PageFacts {
  readonly issuer: string;
  readonly urls: IssuerUrls;
  readonly keys: readonly PublishedKey[];
  readonly since: Since;
  readonly now: Seconds;
}

const GENERATOR = '<meta name="generator" content="jwt-injector">';
/** Data for the next time that the page is made; browsers do not show it. */
const DATA = /<script type="application\/json" id="published">(.*?)<\/script>/s;

/** Whether a page was made by us, so that it may be replaced. */
export function isOurPage(html: string): boolean {
  return html.includes(GENERATOR);
}

/** Reads the dates of the keys in an earlier page of ours; none in a page that somebody changed. */
export function readSince(html: string): Since {
  const [, text = ''] = DATA.exec(html) ?? [];
  try {
    const data: unknown = JSON.parse(text);
    return isJsonObject(data) ? stringMap(data) : {};
  } catch {
    return {};
  }
}

/** The page for people who open the issuer's URL: one file that loads nothing, with no script that runs. */
export function makePage({ issuer, urls, keys, since, now }: PageFacts): string {
  const known = Object.fromEntries(
    keys.map(({ thumbprint }) => [thumbprint, since[thumbprint] ?? formatTime(now)]),
  );
  // XRootD keeps a slash at the end of the issuer, and the others drop it.
  const asked = new Set([urls.openid, urls.xrootd, jwksUrl(issuer)]);
  const host = URL.parse(issuer)?.host ?? issuer;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${GENERATOR}
<link rel="icon" href="data:,">
<title>Token issuer ${escapeHtml(host)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Token issuer</h1>
<p class="issuer"><code>${escapeHtml(issuer)}</code></p>
<p>Tokens (JSON Web Tokens) whose claim <code>iss</code> is exactly this URL are signed with one of the keys below. Storage
services and caches fetch the public keys here to check the tokens. There is nothing to log in to.</p>
<p class="links"><a href="${OPENID_PATH}">Metadata</a> <a href="${JWKS_PATH}">Public keys (JWK Set)</a></p>
</header>
<section>
<h2>${keys.length === 1 ? 'Key' : 'Keys'}</h2>
${keys.map((key) => describePublishedKey(key, known[key.thumbprint])).join('\n')}
</section>
<section>
<h2>To accept these tokens</h2>
<p>The issuer is compared byte for byte${issuer.endsWith('/') ? ', with the slash at its end' : ''}. Paths in the scopes of
a token are relative to the base path: under <code>/vo</code>, <code>storage.read:/data</code> means
<code>/vo/data</code>.</p>
<h3>XRootD</h3>
<p>In the file that <code>ofs.authlib libXrdAccSciTokens.so config=…</code> names, with your own base path:</p>
<pre><code>${escapeHtml(xrootdConfig(issuer, host))}</code></pre>
<h3>Pelican origin</h3>
<p>In <code>pelican.yaml</code>, with your own paths:</p>
<pre><code>${escapeHtml(pelicanConfig(issuer))}</code></pre>
</section>
<section>
<h2>To check</h2>
<p>The thumbprints (RFC 7638, SHA-256) are to be compared over another channel. The addresses that verifiers ask for:</p>
<ul>
${[...asked].map((url) => `<li><code>${escapeHtml(url)}</code></li>`).join('\n')}
</ul>
</section>
<footer>Made by jwt-injector on ${formatUtc(now)}.</footer>
</main>
<script type="application/json" id="published">${JSON.stringify(known).replaceAll('<', String.raw`\u003c`)}</script>
</body>
</html>
`;
}

function describePublishedKey(
  { jwk, thumbprint, role, until }: PublishedKey,
  since: string | undefined,
): string {
  const first = parseTime(since);
  const state =
    role === 'retired' && until !== undefined
      ? `Signs no new tokens; its last token expires ${formatUtc(until)}`
      : role === 'added'
        ? 'Published before it signs, so that every verifier knows it'
        : role === 'kept'
          ? 'Published before'
          : 'Signs tokens';
  const rows = [
    ['Key ID (kid)', `<code>${escapeHtml(jwk.kid)}</code>`],
    ['Algorithm', escapeHtml(jwk.alg)],
    ['Thumbprint', `<code>${escapeHtml(thumbprint)}</code>`],
    ['Published since', first === undefined ? 'not known' : formatUtc(first)],
    ['Use', state],
  ];
  const items = rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<article class="${role}"><dl>\n${items.join('\n')}\n</dl></article>`;
}

function xrootdConfig(issuer: string, host: string): string {
  return `[Issuer ${host.replaceAll(/[^\w.-]/g, '-')}]\nissuer = ${issuer}\nbase_path = /vo`;
}

function pelicanConfig(issuer: string): string {
  return `Origin:
  Exports:
    - FederationPrefix: /vo
      StoragePrefix: /data/vo
      Capabilities: ["Reads", "Listings"]
      IssuerUrls:
        - ${JSON.stringify(issuer)}`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
