import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { makeKey, NRP_KEY, toPem } from '../../fixtures/keys.ts';
import { runCommand, runOnObjects, type CommandResult } from '../captured-io.ts';

const EXAMPLES = join(import.meta.dirname, '../../../deploy/examples');

const explain = (objects: readonly unknown[]): Promise<CommandResult> =>
  runOnObjects(explainCommand, objects);

describe('explain -f, for JWTs,', () => {
  it('shows lifetimes and five renewals if it can be signed, but never the key', async () => {
    const { code, out } = await runCommand(explainCommand, ['-f', join(EXAMPLES, 'my-jwt.yaml')]);
    assert.equal(code, 0);
    assert.match(out, /^JWT my-jwt \(.*my-jwt\.yaml\): can be signed$/m);
    assert.match(out, /^ {2}each token lives 1 d and is replaced 5 h before it expires$/m);
    assert.match(out, /^ {2}1\. +\d{4}-.* UTC, in (18 h 59 min|19 h) +expires/m);
    assert.equal(out.match(/^ {2}\d\. /gm)?.length, 5);
    assert.match(out, /^ {2}warning: spec\.key\.value shows the private key/m);
    assert.doesNotMatch(out, /PRIVATE KEY|MHcCAQEE/);
  });

  it('says why one cannot be signed that the policy forbids which the flags of run set', async () => {
    const args = ['-f', join(EXAMPLES, 'my-jwt.yaml')];
    const policy = ['--forbid-inline-keys', '--max-lifetime=12h', '--allowed-issuers=https://other'];
    const { code, out } = await runCommand(explainCommand, [...args, ...policy]);
    assert.equal(code, 1);
    assert.match(out, /cannot be signed \(PolicyDenied\)$/m);
    assert.match(
      out,
      /error: spec\.key\.value is forbidden in this cluster.*spec\.expiryTime \(1 d\) must be at most 12 h.*does not allow the issuer/,
    );
    assert.equal((await runCommand(explainCommand, [...args, '--max-lifetime=24h'])).code, 0);
    const wrong = await runCommand(explainCommand, [...args, '--max-lifetime=day']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /^error: --max-lifetime must be a duration such as 12h or 30m, not "day"$/m);
  });

  it('says what is wrong with an apiVersion that is an object', async () => {
    const { code, out } = await explain([{ ...wireJwt(), apiVersion: { toString: 1 } }]);
    assert.equal(code, 1);
    assert.match(out, /a JWT's apiVersion must be tokens\.osg-htc\.org\/v1, not "\{"toString":1\}"$/m);
  });

  const refused: readonly { title: string; spec: Record<string, unknown>; reason: string; says: RegExp }[] = [
    {
      title: 'a key that is not valid',
      spec: { key: { value: 'canary' } },
      reason: 'KeyUnreadable',
      says: /spec\.key\.value: no PEM block/,
    },
    {
      title: 'a key that does not fit',
      spec: { algorithm: 'RS256' },
      reason: 'KeyMismatch',
      says: /RS256 needs an RSA key/,
    },
    {
      title: 'no lifetime',
      spec: { expiryTime: { days: 0 } },
      reason: 'ClaimsInvalid',
      says: /spec\.expiryTime must be longer than zero/,
    },
    {
      title: 'an inexact integer',
      spec: { data: { uid: 2 ** 60 } },
      reason: 'ClaimsInvalid',
      says: /spec\.data\.uid .*write it as a string/,
    },
    {
      title: 'a key in a ConfigMap',
      spec: { key: { configMap: { name: 'a', key: 'b' } } },
      reason: 'KeyUnreadable',
      says: /move the key into a Secret/,
    },
    {
      title: 'a label for the Secret without quotes',
      spec: { secretTemplate: { labels: { team: true } } },
      reason: 'ClaimsInvalid',
      says: /spec\.secretTemplate\.labels: the value of team must be a string: put it in quotes/,
    },
    {
      title: 'a late renewal',
      spec: { resignBefore: { days: 2 } },
      reason: 'RenewalClamped',
      says: /must be shorter than spec\.expiryTime/,
    },
    {
      title: 'a key in the Secret to which the token would be written',
      spec: { key: { secret: { name: 'my-jwt', key: 'key.pem' } } },
      reason: 'SecretConflict',
      says: /names Secret my-jwt, where the token of this JWT would be written/,
    },
    {
      title: 'that key, with its namespace',
      spec: { key: { secret: { name: 'my-jwt', key: 'key.pem', namespace: 'science' } } },
      reason: 'SecretConflict',
      says: /Store the key in a Secret of another name/,
    },
  ];
  for (const { title, spec, reason, says } of refused) {
    it(`ends with exit code 1 and ${reason} for ${title}`, async () => {
      const { code, out } = await explain([wireJwt(spec)]);
      assert.equal(code, 1);
      assert.match(
        out,
        new RegExp(`^JWT science/my-jwt \\(standard input\\): cannot be signed \\(${reason}\\)$`, 'm'),
      );
      assert.match(out, says);
      assert.doesNotMatch(out, /canary|If it were signed/);
    });
  }

  it('names another version, and a field without a meaning', async () => {
    const other = await explain([{ ...wireJwt(), apiVersion: 'tokens.osg-htc.org/v2' }]);
    assert.equal(other.code, 1);
    assert.match(other.out, /apiVersion must be tokens\.osg-htc\.org\/v1, not "tokens\.osg-htc\.org\/v2"/);
    const { code, out } = await explain([wireJwt({ keyID: 'x' })]);
    assert.equal(code, 0);
    assert.match(out, /^ {2}warning: spec\.keyID is not a field of a JWT and is ignored$/m);
  });

  const secret = (key: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'my-key', namespace: 'science' },
    stringData: { 'key.pem': key },
  });
  const byName = wireJwt({ key: { secret: { name: 'my-key', key: 'key.pem' } } });

  it('checks a key in a Secret of the same input', async () => {
    const fits = await explain([byName, secret(NRP_KEY)]);
    assert.equal(fits.code, 0);
    assert.match(fits.out, /^ {2}key: Secret my-key, data key "key\.pem" of the input: fits ES256$/m);
    const misfit = await explain([byName, secret(toPem(makeKey('RS256')))]);
    assert.equal(misfit.code, 1);
    assert.match(
      misfit.out,
      /Secret my-key, data key "key\.pem": ES256 needs an EC key on curve P-256, this is an RSA key/,
    );
    assert.doesNotMatch(fits.out + misfit.out, /PRIVATE KEY/);
  });

  it('says that a key is elsewhere', async () => {
    const { code, out } = await explain([byName]);
    assert.equal(code, 0);
    assert.match(
      out,
      /^ {2}key: Secret my-key, data key "key\.pem", which is not in the input: not checked$/m,
    );
  });
});
