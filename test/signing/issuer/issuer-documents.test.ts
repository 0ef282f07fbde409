import assert from 'node:assert/strict';
import { it } from 'node:test';
import { issuerDocuments } from '../../../src/signing/issuer/issuer-documents.ts';

it('an issuer publishes its metadata under both names, and its keys at the URL in them', () => {
  const keys = [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' }];
  const documents = issuerDocuments('https://issuer.example.com/vo', keys);
  assert.deepEqual(
    documents.map(({ path }) => path),
    ['.well-known/openid-configuration', '.well-known/oauth-authorization-server', '.well-known/issuer.jwks'],
  );
  const [openId, oauth, keySet] = documents.map(({ text }) => text);
  assert.equal(openId, oauth);
  assert.deepEqual(JSON.parse(openId ?? ''), {
    issuer: 'https://issuer.example.com/vo',
    jwks_uri: 'https://issuer.example.com/vo/.well-known/issuer.jwks',
  });
  assert.deepEqual(JSON.parse(keySet ?? ''), { keys });
  for (const { text } of documents) assert.match(text, /^\{\n {2}"[\s\S]*\n\}\n$/, 'for people, too');
});
