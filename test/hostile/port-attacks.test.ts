import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startWebhook } from '../server/started-webhook.ts';
import { unreadReview } from './port-attacks.ts';

it('the answer that is not read has the size in the title of its attack', async () => {
  const started = await startWebhook();
  const { status, text } = await started.send('/mutate/pods', unreadReview());
  await started.stop();
  assert.equal(status, 200);
  assert.equal(Math.round(text.length / 100_000), 7);
});
