import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answerTo } from '../admission/jwt-reviews.ts';
import { startWebhook, type StartedWebhook } from '../server/started-webhook.ts';
import type { Target } from './attack.ts';
import { CROWD_ATTACKS } from './crowd-attacks.ts';

describe('a crowd gets to what it attacks:', { timeout: 120_000 }, () => {
  let started: StartedWebhook;
  const owners = new Set<string>();
  before(async () => {
    started = await startWebhook({
      validateJwt: (request) => answerTo(request),
      lookUpDefault: async (_, { owner }) => {
        owners.add(owner);
        return { known: true, token: undefined };
      },
    });
  });
  after(() => started.stop());

  for (const attack of CROWD_ATTACKS) {
    it(attack.name, async () => {
      const api: Target['api'] = { adminKubeconfig: '', url: '', ca: '' };
      const at = { webhookPort: started.port, httpPort: 0, api, namespace: '' };
      let wasReached = false;
      const answers = await attack.run({ ...at, isAlone: true, scale: 0.002 }, () => (wasReached = true));
      assert.ok(wasReached, answers);
    });
  }

  it('from several addresses', () => {
    assert.ok(owners.size > 10, [...owners].join(' '));
  });
});
