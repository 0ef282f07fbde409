import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Target } from './attack.ts';
import { startScriptedApi } from './scripted-api.ts';
import { launchAttack } from './launch-attack.ts';

const WITHIN_MS = 60_000;

/** Nothing listens on port 1, and the file does not exist. */
const NOWHERE: Target = {
  webhookPort: 1,
  httpPort: 1,
  api: { adminKubeconfig: '/nowhere/kubeconfig', url: 'https://127.0.0.1:1', ca: '' },
  namespace: 'nobody',
  isAlone: true,
  scale: 0.001,
};

const launch = (name: string, target: Partial<Target> = {}) =>
  launchAttack({ name }, { ...NOWHERE, ...target }, WITHIN_MS).answers;

describe('an attack was not made', { timeout: WITHIN_MS }, () => {
  for (const [why, name, says] of [
    ['if there is none of the name', 'of-nobody', /no attack has the name of-nobody/],
    ['if nothing listens on the port', 'handshakes', /^2 × refused$/],
    ['if no connection is opened', 'slow-bodies', /^0 opened/],
    ['if no body arrives', 'deep-arrays', /^1 × ECONNREFUSED$/],
    ['if the kubeconfig cannot be read', 'restless', /could not be made.*ENOENT/],
  ] as const) {
    it(why, async () => {
      const { words, wasMade } = await launch(name);
      assert.match(words, says);
      assert.equal(wasMade, false);
    });
  }

  it('if the objects that it needs cannot be created', async () => {
    await using api = await startScriptedApi(() => ({ status: 500, body: { message: 'no' } }));
    const { words, wasMade } = await launch('restless', { api: api.access });
    assert.match(words, /could not be made: .*secrets key was not created: 500/);
    assert.equal(wasMade, false);
  });

  it('if the API server itself refuses all of it', async () => {
    await using api = await startScriptedApi(() => ({
      status: 422,
      body: { message: 'JWT "a" is invalid' },
    }));
    assert.deepEqual(await launch('pem-lines', { api: api.access }), { words: '1 × 422', wasMade: false });
  });
});

describe('an attack was made', { timeout: WITHIN_MS }, () => {
  it('if a connection was opened', async () => {
    await using api = await startScriptedApi(() => ({ status: 200, body: {} }));
    assert.deepEqual(await launch('handshakes', { webhookPort: api.port }), {
      words: '2 × done',
      wasMade: true,
    });
  });

  it('if a part of it was stored', async () => {
    await using api = await startScriptedApi((method) => ({
      status: method === 'POST' ? 201 : 404,
      body: {},
    }));
    assert.deepEqual(await launch('failing', { api: api.access, scale: 0.0005 }), {
      words: '1 × 201, 1 × 404',
      wasMade: true,
    });
  });
});
