import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_POLICY } from '../../src/resources/signing-policy.ts';
import { reviewJwt } from '../../src/admission/review-jwts.ts';
import type { WebhookOptions } from '../../src/server/webhook.ts';
import { at, container, KEYS, type Json } from '../admission/pods.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { reviewText } from './reviews.ts';
import { withWebhook } from './started-webhook.ts';

const DEPLOYMENT = {
  resource: { group: 'apps', resource: 'deployments' },
  kind: { kind: 'Deployment' },
  object: {
    metadata: { annotations: { [KEYS.token]: 'my-jwt' } },
    spec: { template: { metadata: {}, spec: { containers: [container()] } } },
  },
};
const UNUSABLE_JWT = {
  resource: { group: 'tokens.osg-htc.org', resource: 'jwts' },
  kind: { kind: 'JWT' },
  object: wireJwt({ key: { value: 'no key' } }),
};

/** The effect of an answer: whether it refuses, and whether it changes the object. */
type Effect = readonly [refused: boolean, changed: boolean];
const NONE: Effect = [false, false];

describe('installed in a namespace of another name, the webhook', () => {
  const validateJwt: WebhookOptions['validateJwt'] = (request) =>
    reviewJwt(request, { policy: NO_POLICY, ownNamespace: 'tokens', takeTurn: (trial) => trial() });
  const paths: Readonly<Record<string, readonly [Json, Effect]>> = {
    '/mutate/pods': [{}, [false, true]],
    '/mutate/workloads': [DEPLOYMENT, [false, true]],
    '/validate/jwts': [UNUSABLE_JWT, [true, false]],
  };
  for (const [path, [request, effect]] of Object.entries(paths)) {
    it(`leaves that one alone at ${path}, and not the one that only has its name`, async () => {
      await withWebhook({ ownNamespace: 'tokens', validateJwt }, async ({ send }) => {
        const effectIn = async (namespace: string): Promise<Effect> => {
          const { text } = await send(path, reviewText({ ...request, namespace }));
          const response = Object(at(JSON.parse(text), 'response'));
          return [response.allowed !== true, response.patch !== undefined];
        };
        assert.deepEqual(await effectIn('tokens'), NONE);
        assert.deepEqual(await effectIn('kube-system'), NONE);
        assert.deepEqual(await effectIn('jwt-injector'), effect);
      });
    });
  }
});
