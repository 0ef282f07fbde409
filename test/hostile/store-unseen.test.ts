import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ATTACKS } from './catalogue.ts';
import { startScriptedApi, type ScriptedAnswer } from './scripted-api.ts';
import { answerOf, listSecrets } from './fake-cluster.ts';
import { makeFakeFighter } from './fake-fighter.ts';
import { startNeighbour } from './neighbour.ts';
import { storeUnseen } from './store-unseen.ts';

const REFUSED: ScriptedAnswer = { status: 500, body: { message: 'no webhook' } };
const ATTACK = ATTACKS.find(({ name }) => name === 'pem-lines') ?? assert.fail('no such attack');

describe('objects that are stored while the service is down', { timeout: 60_000, concurrency: true }, () => {
  for (const { title, after, harms } of [
    { title: 'do not count as harm to pods of that time', after: 0, harms: [] },
    {
      title: 'count as harm to pods that are refused after the new start',
      after: 2,
      harms: ['a pod was refused: 500 no webhook'],
    },
  ]) {
    it(title, async () => {
      let isDown = false;
      let starts = 0;
      let refusals = 0;
      await using api = await startScriptedApi((method, path, body) => {
        if (method === 'GET') return listSecrets(10, 9_999_999_000 + starts);
        const isReviewed = path.endsWith('/pods') && body['metadata']?.annotations !== undefined;
        if (!isReviewed || (!isDown && refusals === 0)) return answerOf(method, path, body);
        if (!isDown) refusals -= 1;
        return REFUSED;
      });
      const victim = makeFakeFighter({
        stop: () => {
          isDown = true;
          return Promise.resolve([]);
        },
        start: () => {
          [isDown, refusals] = [false, after];
          starts += 1;
          return Promise.resolve();
        },
      });
      const neighbour = await startNeighbour({ api: api.access, namespace: 'well-behaved' });
      try {
        const target = {
          webhookPort: 1,
          httpPort: 1,
          api: api.access,
          namespace: 'nobody',
          isAlone: true,
          scale: 0.01,
        };
        const result = await storeUnseen(
          { neighbour, victim, prefix: '', priority: 'normal' },
          ATTACK,
          target,
        );
        assert.deepEqual(result.harms, harms);
      } finally {
        await neighbour.stop();
      }
    });
  }
});
