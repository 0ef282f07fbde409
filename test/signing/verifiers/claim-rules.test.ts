import assert from 'node:assert/strict';
import { it } from 'node:test';
import { judgeClaimsFor } from '../../../src/signing/verifiers/claim-rules.ts';
import type { Reason, VerifierName } from '../../../src/signing/verifiers/facts.ts';
import { NOW } from '../../fixtures/observed.ts';

const KEYS = { found: true, keys: [], jwksUrl: 'https://a.example/keys', isRedirected: false } as const;

/** What the rule finds in these claims. */
function find(rule: string, verifier: VerifierName, claims: Record<string, unknown>): Reason | undefined {
  const facts = {
    token: { header: {}, claims },
    bytes: 500,
    lookUps: { openid: KEYS, xrootd: KEYS },
    signature: { openid: true, xrootd: true },
    now: NOW,
  };
  return judgeClaimsFor(facts, verifier).find((reason) => reason.rule === rule);
}

it('an aud that names services only must be among what the server is configured with', () => {
  const claims = { 'wlcg.ver': '1.0', aud: 'https://data.example' };
  const wordsOf = (verifier: VerifierName) => find('audience', verifier, claims)?.message ?? '';
  assert.match(wordsOf('xrootd'), /it must be in "audience" of the server's configuration$/);
  assert.match(wordsOf('pelican-origin'), /one must be the origin's URL \(Origin\.TokenAudience\)$/);
});

it('a missing scope is to be written in the words of SciTokens for XRootD alone', () => {
  const remedyFor = (verifier: VerifierName) => find('scope', verifier, { ver: 'scitoken:2.0' })?.remedy;
  assert.equal(remedyFor('xrootd'), 'set spec.data.scope, e.g. "read:/"');
  assert.equal(remedyFor('pelican-origin'), 'set spec.data.scope, e.g. "storage.read:/"');
});

it('a line break in a scope is of that scope alone for XRootD, which refuses the token if no other is left', () => {
  for (const [scope, refuses] of [
    ['storage.read:/ storage.create:/x\n', false],
    ['storage.read:/\n', true],
    ['openid storage.read:/\n', true],
    ['storage.read:/a\u{a0}b', true],
  ] as const) {
    const found = find('scope', 'xrootd', { 'wlcg.ver': '1.0', scope });
    assert.equal(found?.refuses, refuses, scope);
    assert.match(found?.message ?? '', /^scope has white space other than spaces \(line breaks, tabs\)/);
  }
});

it('a path that leads upwards, or is encoded twice, is doubtful to XRootD', () => {
  const found = (scope: string) => find('scope-path-odd', 'xrootd', { 'wlcg.ver': '1.0', scope })?.refuses;
  assert.deepEqual(['storage.read:/a/../b', 'storage.read:/%252e', 'storage.read:/a'].map(found), [
    false,
    false,
    undefined,
  ]);
  assert.equal(found('storage.read:/100%25/a'), undefined, 'a percent sign that is encoded once');
});

it('the words of WLCG need wlcg.ver for XRootD, others need these words besides', () => {
  const remedyFor = (scope: string, version: object) =>
    find('scope', 'xrootd', { scope, ...version })?.remedy;
  const ofSciTokens = { ver: 'scitoken:2.0' };
  assert.equal(remedyFor('storage.read:/', {}), 'set spec.data["wlcg.ver"] to the string "1.0"');
  assert.equal(remedyFor('storage.read:/', ofSciTokens), 'use wlcg.ver "1.0" instead of ver');
  for (const version of [{}, ofSciTokens])
    assert.match(remedyFor('openid', version) ?? '', /wlcg\.ver.*, and scopes such as storage\.read:\/$/);
});
