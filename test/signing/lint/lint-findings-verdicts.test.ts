import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwtSpec } from '../../../src/resources/jwt.ts';
import type { JsonObject } from '../../../src/resources/json.ts';
import { buildClaims } from '../../../src/signing/claims.ts';
import { findWarnings } from '../../../src/signing/lint/lint-findings.ts';
import type { LookUp, Reason } from '../../../src/signing/verifiers/facts.ts';
import { judgeClaimsFor } from '../../../src/signing/verifiers/claim-rules.ts';
import { NOW } from '../../fixtures/observed.ts';
import { VERDICT_TOKENS } from '../../verifiers/verdict-tokens.ts';
import { claims } from './specs.ts';

const ANY = 'https://wlcg.cern.ch/jwt/v1/any';
const NOT_FOUND: LookUp = { found: false, problem: '', remedy: '', isUnreachable: true };

interface Answers {
  readonly warnings: readonly string[];
  /** XRootD's reasons for refusing a token with these claims. */
  readonly refusals: readonly Reason[];
}

/** The findings of lint and of `verify` about the claims; `undefined` if no token can have them. */
function answersTo(changes: JsonObject): Answers | undefined {
  const spec = parseJwtSpec(claims(changes));
  assert.ok(spec.ok);
  const built = buildClaims(spec.value, NOW, 'id');
  if (!built.ok) return undefined;
  const facts = {
    token: { header: {}, claims: built.value },
    bytes: 500,
    lookUps: { openid: NOT_FOUND, xrootd: NOT_FOUND },
    signature: { openid: true, xrootd: true },
    now: NOW,
  };
  return {
    warnings: findWarnings(spec.value, 500).map(({ message }) => message),
    refusals: judgeClaimsFor(facts, 'xrootd').filter(({ refuses }) => refuses),
  };
}

/** The contradiction between the two; `undefined` if there is none. */
function disagreement(changes: JsonObject): string | undefined {
  const answers = answersTo(changes);
  if (answers === undefined) return undefined;
  const { warnings, refusals } = answers;
  const said = JSON.stringify(changes);
  const refused = warnings.find((message) => message.includes('XRootD refuses'));
  if (refused !== undefined && refusals.length === 0) return `${said}: XRootD takes it, but: ${refused}`;
  // Scopes for other purposes than storage cause no warning.
  const unexpected = refusals.find(({ rule }) => rule !== 'scope');
  return unexpected !== undefined && warnings.length === 0
    ? `${said}: no warning of: ${unexpected.message}`
    : undefined;
}

describe('the warnings of a JWT and the verdict on its token', () => {
  it('agree with XRootD’s refusals, for the tokens that real verifiers judged', () => {
    const rows = Object.values(VERDICT_TOKENS).map(({ claims: changes = {} }) => changes);
    assert.ok(rows.filter((changes) => answersTo(changes) !== undefined).length > 40);
    assert.deepEqual(
      rows.map(disagreement).filter((found) => found !== undefined),
      [],
    );
  });

  it('agree with them for all combinations of common values', () => {
    const values: Readonly<Record<string, readonly unknown[]>> = {
      scope: [undefined, '', 'openid', 'read:/', 'storage.read:/', 'storage.read', 'storage.write:/', ['x']],
      aud: [undefined, null, '', 7, 'ANY', ANY, [], [''], ['', ANY], [ANY, 5], 'https://origin.example.com'],
      sub: [undefined, null, '', 'john'],
      ver: [undefined, '1.0', 'scitokens:1.0', 'scitoken:2.0'],
      'wlcg.ver': [undefined, '1.0', '1.2', 1],
    };
    const combinations = Object.entries(values).reduce<readonly JsonObject[]>(
      (made, [name, choices]) =>
        made.flatMap((rest) => choices.map((choice) => ({ ...rest, [name]: choice }))),
      [{}],
    );
    assert.deepEqual(
      combinations
        .map(disagreement)
        .filter((found) => found !== undefined)
        .slice(0, 20),
      [],
    );
  });
});
