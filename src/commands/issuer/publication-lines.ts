import type { KeyRole } from '../../signing/issuer/key-set.ts';
import { formatUtc, parseTime } from '../../time/format-time.ts';
import type { Paint } from '../output/report-output.ts';
import { formatTable } from '../output/table.ts';
import type { Publication } from './publication-report.ts';

const ROLE_WORDS: Readonly<Record<KeyRole, string>> = {
  signs: 'signs for',
  added: 'added, from',
  retired: 'no longer signs for',
  kept: 'was published before, in',
};

/** The report for people. */
export function describePublication(report: Publication, paint: Paint): readonly string[] {
  const { issuer, keys, documents, requests, files } = report;
  return [
    `${paint('bold', `Issuer ${issuer}`)}: ${keys.length === 1 ? '1 key' : `${keys.length} keys`}`,
    ...formatTable(keys.map((key) => [`  ${key.kid}`, key.algorithm, describeRole(key)])),
    ...keys.flatMap(({ kid, thumbprint }) =>
      kid === thumbprint ? [] : [`  thumbprint of ${kid}: ${thumbprint}`],
    ),
    '',
    ...(files.length > 0 ? describeFiles(issuer, files, paint) : describeDocuments(issuer, documents, paint)),
    '',
    paint('bold', 'What the verifiers ask for'),
    ...requests.flatMap(({ verifier, urls }) => describeRequests(verifier, urls)),
  ];
}

function describeRole({ role, sources, until }: Publication['keys'][number]): string {
  const words = `${ROLE_WORDS[role]} ${sources.join(', ')}`;
  const expiresAt = parseTime(until);
  if (expiresAt === undefined) return words;
  return `${words}; its last token expires ${formatUtc(expiresAt)}, keep it 15 minutes longer`;
}

function describeFiles(issuer: string, files: readonly string[], paint: Paint): readonly string[] {
  return [paint('bold', `Written, to be served below ${issuer}`), ...files.map((file) => `  ${file}`)];
}

function describeDocuments(
  issuer: string,
  documents: Publication['documents'],
  paint: Paint,
): readonly string[] {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`;
  const lines: string[] = [];
  for (const [path, content] of Object.entries(documents)) {
    if (lines.length > 0) lines.push('');
    lines.push(paint('bold', `${base}${path}`));
    for (const line of JSON.stringify(content, undefined, 2).split('\n')) lines.push(`  ${line}`);
  }
  return lines;
}

function describeRequests(verifier: string, urls: readonly string[]): readonly string[] {
  const [first = '', ...rest] = urls;
  const last = rest.at(-1) ?? '';
  const fallback = rest.length > 1 ? [`    if that is not answered with 200: ${rest[0]}`] : [];
  return [`  ${verifier}`, `    ${first}`, ...fallback, `    then, as jwks_uri says: ${last}`];
}
