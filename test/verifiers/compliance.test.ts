import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { COMPLIANCE_CASES, STORAGE_AUDIENCE, type Step } from './compliance-cases.ts';
import { openOtherSigner } from './hand-made.ts';
import { BASE_PATH, ISSUER, SLASH_ISSUER } from './names.ts';
import { PLAIN_DATA, startSigner, type Signer, type Spec } from './signer.ts';
import { openWorld } from './world.ts';
import { startXrootd, type Xrootd } from './xrootd.ts';

const WHOLE = 'storage.read:/ storage.modify:/';

describe('the cases of the WLCG compliance suite, with tokens of the service for XRootD', () => {
  const world = openWorld();
  const cases = Object.entries(COMPLIANCE_CASES).map(([title, steps], index) => ({
    title,
    steps,
    name: `case-${index + 1}`,
  }));
  let signer: Signer;
  let storage: Xrootd;
  let tokens: Readonly<Record<string, string>>;
  let signByHand: (claims: Spec) => string;
  before(async () => {
    signer = await startSigner(world, 'compliance');
    storage = await startXrootd(world, {
      issuers: [{ issuer: ISSUER }, { issuer: SLASH_ISSUER }],
      audiences: [STORAGE_AUDIENCE],
      groups: [`g /wlcg ${BASE_PATH}/protected rl ${BASE_PATH} a`, `g /wlcg/test ${BASE_PATH}/protected a`],
      files: { [`${BASE_PATH}/protected/here`]: '', [`${BASE_PATH}/elsewhere/here`]: '' },
    });
    await signer.makeKey('first', 'ES256');
    const specs = cases.flatMap(({ name, steps }) =>
      steps.map((step, index) => [`${name}-${index + 1}`, { data: dataOf(step, name) }] as const),
    );
    const whole = { data: { ...PLAIN_DATA, scope: WHOLE } };
    tokens = await signer.sign({ whole, ...Object.fromEntries(specs) });
    await signer.publish('issuer.example.com', 'whole');
    signByHand = await openOtherSigner(signer.site);
  });
  after(async () => {
    await storage[Symbol.asyncDispose]();
    await signer[Symbol.asyncDispose]();
  });

  function dataOf({ scope = WHOLE, claims }: Step, folder: string): Spec {
    return { ...PLAIN_DATA, scope: scope.replaceAll('DIR', folder), ...claims };
  }

  const ask = ({ method, path }: Step, folder: string, token: string) =>
    storage.ask({
      method,
      path: `${BASE_PATH}/${path.replaceAll('DIR', folder)}`,
      token,
      ...(method === 'PUT' ? { body: 'content' } : {}),
    });

  /** The path and the status of each step. */
  async function play(steps: readonly Step[], folder: string, tokenOf: (index: number) => string) {
    const made = await storage.ask({
      method: 'MKCOL',
      path: `${BASE_PATH}/${folder}`,
      token: tokens['whole'] ?? '',
    });
    assert.equal(made.status, 201, made.log);
    const statuses: number[] = [];
    for (const [index, step] of steps.entries())
      statuses.push((await ask(step, folder, tokenOf(index))).status);
    return statuses;
  }

  for (const { title, steps, name } of cases) {
    const hasMiss = steps.some(({ misses }) => misses !== undefined);
    it(`${title}${hasMiss ? ' (the server differs)' : ''}`, async () => {
      const statuses = await play(steps, name, (index) => tokens[`${name}-${index + 1}`] ?? '');
      for (const [index, { wants, misses, method, path }] of steps.entries()) {
        const allowed = [...wants, ...(misses === undefined ? [] : [misses.status])];
        const where = `step ${index + 1}, ${method} ${path}`;
        assert.ok(
          allowed.includes(statuses[index] ?? 0),
          `${where}: ${statuses[index]}, not ${allowed.join(' or ')}`,
        );
      }
      if (!hasMiss) return;
      const others = await play(steps, `${name}-by-hand`, (index) => {
        const step = steps[index] ?? assert.fail('no step');
        return signByHand(dataOf(step, `${name}-by-hand`));
      });
      assert.deepEqual(others, statuses);
    });
  }
});
