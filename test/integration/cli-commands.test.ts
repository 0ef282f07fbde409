import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NRP_KEY } from '../fixtures/keys.ts';
import { describeExplain } from './cli-explain-cases.ts';
import { describeMigrate } from './cli-migrate-cases.ts';
import { describeRenew } from './cli-renew-cases.ts';
import { describeRights } from './cli-rights-cases.ts';
import { CANARY, KEY, makeWorld, type World } from './cli-world.ts';

/** The order matters: the later ones stop the service and delete the CRD. */
describe('explain, renew and migrate on a real control plane', { concurrency: false }, () => {
  let made: World | undefined;
  const world = (): World => {
    if (made === undefined) throw new Error('the control plane is not up');
    return made;
  };
  before(async () => {
    made = await makeWorld();
  });
  after(() => made?.stage.stop());

  describeExplain(world);
  describeRights(world);
  describeRenew(world);
  describeMigrate(world);

  it('never printed a key, a token or the content of a foreign Secret', () => {
    const text = world().printed.join('');
    assert.ok(text.length > 10_000);
    assert.doesNotMatch(text, /PRIVATE KEY|eyJ/);
    const secrets = [CANARY, ...KEY.split('\n'), ...NRP_KEY.split('\n')].filter((line) => line.length > 20);
    for (const line of secrets) assert.ok(!text.includes(line));
  });
});
