import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { isNamespaceName } from '../../src/resources/object-name.ts';
import { reviewJwt } from '../../src/admission/review-jwts.ts';
import type { WebhookOptions } from '../../src/server/webhook.ts';
import { container, KEYS, type Json } from '../admission/pods.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { reviewText } from './reviews.ts';
import { withWebhook } from './started-webhook.ts';

/** A pod that names no token, so its namespace matters. */
const POD = { metadata: {}, spec: { containers: [container()] } };
const DEPLOYMENT = {
  resource: { group: 'apps', resource: 'deployments' },
  kind: { kind: 'Deployment' },
  object: {
    metadata: { annotations: { [KEYS.envVar]: 'TOKEN_FILE' } },
    spec: { template: { metadata: {}, spec: { containers: [container()] } } },
  },
};
const UNUSABLE_JWT = {
  resource: { group: 'tokens.osg-htc.org', resource: 'jwts' },
  kind: { kind: 'JWT' },
  object: wireJwt({ key: { value: 'no key' } }),
};
const REQUESTS: Readonly<Record<string, Json>> = {
  '/mutate/pods': { object: POD },
  '/mutate/workloads': DEPLOYMENT,
  '/validate/jwts': UNUSABLE_JWT,
};

const LONG = '€'.repeat(1_000_000);
/** Each member of the request besides the objects, as the longest text. */
const LONG_FIELDS: Readonly<Record<string, Json>> = {
  uid: { uid: LONG },
  operation: { operation: LONG },
  namespace: { namespace: LONG },
  name: { name: LONG },
  subResource: { subResource: LONG },
  'the kind': { kind: { kind: LONG } },
  'the group': { resource: { group: LONG, version: 'v1', resource: 'pods' } },
  'the resource': { resource: { group: '', version: 'v1', resource: LONG } },
  dryRun: { dryRun: LONG },
  userInfo: { userInfo: { username: LONG } },
  options: { options: { kind: LONG } },
};
/** Several texts of the user, cut, and ours around them. */
const SHORT = 4_096;

describe('a text of 3 MB outside the object appears neither in the answer nor in the log, as', () => {
  const validateJwt: WebhookOptions['validateJwt'] = (request) =>
    reviewJwt(request, { policy: NO_POLICY, ownNamespace: 'tokens', takeTurn: (trial) => trial() });
  for (const [field, long] of Object.entries(LONG_FIELDS)) {
    it(field, async () => {
      const asked: string[] = [];
      const lookUpDefault: WebhookOptions['lookUpDefault'] = async (namespace) => {
        asked.push(namespace);
        return { known: false };
      };
      await withWebhook({ lookUpDefault, validateJwt }, async ({ send, lines }) => {
        for (const [path, request] of Object.entries(REQUESTS)) {
          const { status, text } = await send(path, reviewText({ ...request, ...long }));
          assert.equal(status, field === 'uid' ? 400 : 200, text.slice(0, SHORT));
          assert.ok(text.length <= SHORT, `${path} answers ${text.length} characters`);
        }
        for (const line of lines) assert.ok(JSON.stringify(line).length <= SHORT);
      });
      assert.deepEqual(asked.filter((namespace) => !isNamespaceName(namespace)).length, 0);
    });
  }
});
