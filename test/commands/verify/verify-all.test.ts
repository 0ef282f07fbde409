import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { verifyCommand } from '../../../src/commands/verify.ts';
import { refuse } from '../../kube/bad-server.ts';
import type { CommandResult } from '../captured-io.ts';
import { json, startHttpsIssuer, type HttpsIssuer } from '../https-issuer.ts';
import { startStoredApi, type Interference, type StoredApi } from '../stored-api.ts';
import { storeToken, writeToken } from '../stored-token.ts';

describe('verify -A', () => {
  let folder: string;
  let issuer: HttpsIssuer;
  let api: StoredApi;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-verify-all-'));
    issuer = await startHttpsIssuer();
    api = await startStoredApi();
    await writeFile(join(folder, 'ca.pem'), issuer.ca);
    issuer.answers.set(
      '/.well-known/openid-configuration',
      json({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }),
    );
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    api.objects.clear();
    api.interfere = () => undefined;
  });

  const verify = (): Promise<CommandResult> =>
    api.run(verifyCommand, '-A', '--ca-file', join(folder, 'ca.pem'), '-o', 'json');

  async function results(): Promise<readonly string[]> {
    const { code, out, err } = await verify();
    assert.equal(err, '');
    const { jwts } = JSON.parse(out) as { jwts: { name: string; result: string }[] };
    return [`exit code ${code}`, ...jwts.map(({ name, result }) => `${name} ${result}`)];
  }

  function store(name: string, header: object = {}, claims: object = {}): void {
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: issuer.url, iat: now - 60, nbf: now - 60, exp: now + 3600 };
    storeToken(api, name, writeToken({ alg: 'ES256', kid: 'k', ...header }, { ...usual, ...claims }));
  }

  /** Answers each read of such a Secret with this status. */
  function refuseSecrets(pattern: RegExp, status: number, reason: string): Interference {
    return ({ path }, response) => {
      if (!pattern.test(path)) return undefined;
      refuse(response, status, reason);
      return 'answered';
    };
  }

  it('reports on each token, for any content of one of them or its issuer’s documents', async () => {
    issuer.answers.set('/keys', json({ keys: [{ kty: 'EC', kid: { toString: 1 } }] }));
    store('a-header', { alg: { toString: 1 } });
    store('b-claim', {}, { iat: { toString: 1 } });
    store('c-usual');
    storeToken(api, 'd-deep', writeToken({ alg: 'ES256' }, `{"x":${'['.repeat(9_000)}${']'.repeat(9_000)}}`));
    assert.deepEqual(await results(), [
      'exit code 1',
      'a-header refused',
      'b-claim refused',
      'c-usual refused',
      'd-deep none',
    ]);
  });

  it('ends with exit code 3 if no token is refused, and a Secret cannot be read', async () => {
    store('a');
    api.interfere = refuseSecrets(/\/secrets\//, 403, 'Forbidden');
    assert.deepEqual(await results(), ['exit code 3', 'a unknown']);
    store('b');
    api.interfere = refuseSecrets(/\/secrets\/a$/, 403, 'Forbidden');
    assert.deepEqual(await results(), ['exit code 1', 'a unknown', 'b refused']);
  });

  it('reports that the credentials are not accepted any more, and then nothing about single tokens', async () => {
    store('a');
    api.interfere = refuseSecrets(/\/secrets\//, 401, 'Unauthorized');
    const { code, out, err } = await verify();
    assert.deepEqual([code, out], [3, '']);
    assert.match(err, /^error: the API server does not accept your credentials: log in again/);
  });
});
