import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { answerTo } from '../admission/jwt-reviews.ts';
import { startWebhook, type StartedWebhook } from '../server/started-webhook.ts';
import { BODY_ATTACKS } from './body-attacks.ts';

describe('a body gets to the code that it attacks:', { timeout: 120_000 }, () => {
  let started: StartedWebhook;
  before(async () => {
    started = await startWebhook({ validateJwt: (request) => answerTo(request) });
  });
  after(() => started.stop());

  for (const attack of BODY_ATTACKS) {
    it(attack.name, async () => {
      const target = { webhookPort: started.port, httpPort: 0, namespace: '', isAlone: true, scale: 0.001 };
      const api = { adminKubeconfig: '', url: '', ca: '' };
      let wasReached = false;
      const answers = await attack.run({ ...target, api }, () => (wasReached = true));
      assert.ok(wasReached, answers);
    });
  }
});
