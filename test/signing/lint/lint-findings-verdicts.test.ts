import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJwtSpec } from '../../../src/resources/jwt.ts';
import type { JsonObject } from '../../../src/resources/json.ts';
import { buildClaims } from '../../../src/signing/claims.ts';
import { findWarnings, type LintWarning } from '../../../src/signing/lint/lint-findings.ts';
import { ALL_VERIFIERS } from '../../../src/signing/verifiers/claim-rule.ts';
import type { LookUp, Reason, VerifierName } from '../../../src/signing/verifiers/facts.ts';
import { judgeClaimsFor } from '../../../src/signing/verifiers/claim-rules.ts';
import { NOW } from '../../fixtures/observed.ts';
import { VERDICT_TOKENS } from '../../verifiers/verdict-tokens.ts';
import { claims, GOOD_DATA } from './specs.ts';

const ANY = 'https://wlcg.cern.ch/jwt/v1/any';
const NOT_FOUND: LookUp = { found: false, problem: '', remedy: '', isUnreachable: true };

interface Answers {
  readonly warnings: readonly LintWarning[];
  /** XRootD's reasons for refusing a token with these claims. */
  readonly refusals: readonly Reason[];
  /** The reasons of all verifiers, XRootD among them. */
  readonly anyRefusals: readonly Reason[];
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
  const refusalsOf = (verifier: VerifierName) =>
    judgeClaimsFor(facts, verifier).filter(({ refuses }) => refuses);
  return {
    warnings: findWarnings(spec.value, 500),
    refusals: refusalsOf('xrootd'),
    anyRefusals: ALL_VERIFIERS.flatMap(refusalsOf),
  };
}

/** The contradiction between the two; `undefined` if there is none. */
function disagreement(changes: JsonObject): string | undefined {
  const answers = answersTo(changes);
  if (answers === undefined) return undefined;
  const { warnings, refusals, anyRefusals } = answers;
  const said = JSON.stringify(changes);
  const refused = warnings.find(({ message }) => message.includes('XRootD refuses'));
  if (refused !== undefined && refusals.length === 0)
    return `${said}: XRootD takes it, but: ${refused.message}`;
  const [unexpected] = anyRefusals;
  return unexpected !== undefined && warnings.length === 0
    ? `${said}: no warning of: ${unexpected.message}`
    : undefined;
}

/** The last words of the message that has to do with a claim, `X` of "set it to X". */
const lastWord = (message: string): string => /"?([^" ]+)"?$/.exec(message)?.[1] ?? '';

/** Makes the scope another one. */
const onScope =
  (change: (scope: string) => string) =>
  (data: JsonObject): JsonObject => ({ ...data, scope: change([data['scope']].flat().join(' ')) });

const useWlcg = ({ ver: _ver, ...data }: JsonObject): JsonObject => ({ ...data, 'wlcg.ver': '1.0' });
const setAudience = (data: JsonObject, message: string): JsonObject => ({ ...data, aud: lastWord(message) });
const setScope = (data: JsonObject, message: string): JsonObject => ({ ...data, scope: lastWord(message) });
const useStorageWords = onScope((scope) =>
  scope.replaceAll(/(^|\s)read:/g, '$1storage.read:').replaceAll(/(^|\s)write:/g, '$1storage.modify:'),
);

/** With `storage.read:/`, in the place of a `read:` if there is one. */
const readStorage = onScope((scope) =>
  /(?:^|\s)read:/.test(scope) ? scope.replace(/(^|\s)read:/, '$1storage.read:') : `${scope} storage.read:/`,
);

/** By rule, what its message says, done literally. */
const REMEDIES: Readonly<Record<string, (data: JsonObject, message: string) => JsonObject>> = {
  'wlcg-version': (data) => ({ ...data, 'wlcg.ver': '1.0' }),
  'ver-beside-wlcg-version': ({ ver: _ver, ...data }) => data,
  'audience-missing': setAudience,
  'audience-no-text': (data) => ({
    ...data,
    aud: [data['aud']].flat().filter((item) => typeof item === 'string'),
  }),
  'subject-missing': (data) => ({ ...data, sub: 'john' }),
  'scope-missing': setScope,
  'scope-no-text': setScope,
  'audience-without-any': (data, message) => ({
    ...data,
    aud: [...[data['aud'] ?? []].flat(), lastWord(message)],
  }),
  'audience-of-scitokens-1': ({ aud: _aud, ...data }) => data,
  'claim-unknown': useWlcg,
  'profile-of-scitokens': (data) => readStorage(useWlcg(data)),
  'scope-unknown': onScope((scope) => scope.replaceAll('storage.write', 'storage.modify')),
  'scope-of-scitokens': useStorageWords,
  'scope-of-wlcg': useWlcg,
  'scope-without-path': onScope((scope) => scope.replaceAll(/(storage\.\w+):?(?=\s|$)/g, '$1:/')),
  'scope-without-storage': onScope((scope) => `${scope} storage.read:/`),
  'scope-without-read': onScope((scope) => `${scope} storage.read:/`),
};

/** The refusals that are left once every warning was heeded, one after the other. */
function refusalsInTheEnd(changes: JsonObject): readonly Reason[] {
  let data: JsonObject = { ...GOOD_DATA, ...changes };
  for (let round = 0; ; round += 1) {
    const answers = answersTo(data);
    const [first] = answers?.warnings ?? [];
    if (first === undefined) return answers?.anyRefusals ?? [];
    assert.ok(round < 12, `the warnings never end for ${JSON.stringify(changes)}`);
    const present = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
    const heeded = REMEDIES[first.rule]?.(present, first.message);
    assert.ok(heeded, `a remedy of ${first.rule}`);
    // What is left out here would be filled in again.
    data = { ...Object.fromEntries(Object.keys(data).map((name) => [name, undefined])), ...heeded };
  }
}

const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  scope: [
    undefined,
    '',
    'openid',
    'read:/',
    'write:/a',
    'storage.read:/',
    'storage.read',
    'storage.write:/',
    ['x'],
  ],
  aud: [undefined, null, '', 7, 'ANY', ANY, [], [''], ['', ANY], [ANY, 5], 'https://origin.example.com'],
  sub: [undefined, null, '', 'john'],
  ver: [undefined, '1.0', 'scitokens:1.0', 'scitoken:2.0'],
  'wlcg.ver': [undefined, '1.0', '1.2', 1],
};
const COMBINATIONS = Object.entries(VALUES).reduce<readonly JsonObject[]>(
  (made, [name, choices]) => made.flatMap((rest) => choices.map((choice) => ({ ...rest, [name]: choice }))),
  [{}],
);

describe('the warnings of a JWT and the verdict on its token', () => {
  it('agree with the refusals, for the tokens that real verifiers judged', () => {
    const rows = Object.values(VERDICT_TOKENS).map(({ claims: changes = {} }) => changes);
    assert.ok(rows.filter((changes) => answersTo(changes) !== undefined).length > 40);
    assert.deepEqual(
      rows.map(disagreement).filter((found) => found !== undefined),
      [],
    );
  });

  it('agree with the refusals of each verifier, for all combinations of common values', () => {
    const found = COMBINATIONS.map(disagreement).filter((one) => one !== undefined);
    assert.deepEqual(found.slice(0, 20), []);
  });

  it('end in a token that no verifier refuses, once their remedies were followed literally', () => {
    const found = COMBINATIONS.flatMap((changes) =>
      refusalsInTheEnd(changes).map(({ rule }) => `${rule}: ${JSON.stringify(changes)}`),
    );
    assert.deepEqual(found.slice(0, 20), []);
  });
});
