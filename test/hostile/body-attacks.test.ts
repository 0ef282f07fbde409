import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KeyTrials } from '../../src/admission/key-trials.ts';
import { reviewJwt } from '../../src/admission/review-jwts.ts';
import { startWebhook, type StartedWebhook } from '../server/started-webhook.ts';
import { BODY_ATTACKS } from './body-attacks.ts';

describe('a body gets to what it attacks:', { timeout: 120_000 }, () => {
  let started: StartedWebhook;
  before(async () => {
    const trials = new KeyTrials();
    started = await startWebhook({ validateJwt: (request) => reviewJwt(request, trials) });
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
