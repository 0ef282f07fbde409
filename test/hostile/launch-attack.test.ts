import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isRunning } from '../controlplane/process-identity.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Target } from './attack.ts';
import { startScriptedApi } from './scripted-api.ts';
import { launchAttack, startAttackers } from './launch-attack.ts';

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
  launchAttack('normal', { name }, { ...NOWHERE, ...target }, WITHIN_MS);

describe('an attack was not made', { timeout: WITHIN_MS }, () => {
  for (const [why, name, says] of [
    ['if there is none of the name', 'of-nobody', /no attack has the name of-nobody/],
    ['if nothing listens on the port', 'handshakes', /^0 of 2 opened, 2 not reached$/],
    ['if no connection is opened', 'slow-bodies', /^0 of 1 opened/],
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
    assert.deepEqual(await launch('pem-lines', { api: api.access }), {
      words: '1 × 422',
      wasMade: false,
      isGivenUp: false,
    });
  });
});

describe('an attack was made', { timeout: WITHIN_MS }, () => {
  it('if a connection was opened', async () => {
    await using api = await startScriptedApi(() => ({ status: 200, body: {} }));
    assert.deepEqual(await launch('handshakes', { webhookPort: api.port }), {
      words: '2 of 2 opened',
      wasMade: true,
      isGivenUp: false,
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
      isGivenUp: false,
    });
  });
});

describe('the attackers', { timeout: WITHIN_MS }, () => {
  it('have the lowest priority in all their threads from the start, in a session of their own', async () => {
    await using attackers = await startAttackers('lowest');
    const threads = await waitUntil('all threads of Node', WITHIN_MS, () => {
      const all = readdirSync(`/proc/${attackers.pid}/task`);
      return all.length > 5 && all;
    });
    const nices = threads.map((thread) => readStat(`${attackers.pid}/task/${thread}`).nice);
    assert.deepEqual([...new Set(nices)], [19]);
    assert.notEqual(readStat(attackers.pid).session, readStat(process.pid).session);
    const autogroup = `/proc/${attackers.pid}/autogroup`;
    const isLowest = (): boolean => readFileSync(autogroup, 'utf8').endsWith(' nice 19\n');
    if (existsSync(autogroup)) await waitUntil('a session of the lowest priority', WITHIN_MS, isLowest);
  });

  it('end with the process that started them', async () => {
    const text = `import { startAttackers } from ${JSON.stringify(import.meta.resolve('./launch-attack.ts'))};
      console.log((await startAttackers('normal')).pid);`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', text], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = Number(String((await once(starter.stdout, 'data'))[0]));
    assert.ok(isRunning(pid));
    starter.kill('SIGKILL');
    await waitUntil('the end of the attackers', WITHIN_MS, () => !isRunning(pid));
  });

  it('that end by themselves made no attack', async () => {
    await using attackers = await startAttackers('normal');
    const prepared = await attackers.prepare({ name: 'handshakes' }, NOWHERE);
    process.kill(attackers.pid, 'SIGKILL');
    assert.deepEqual(await prepared.begin(WITHIN_MS), {
      words: 'could not be made: the attackers ended (SIGKILL)',
      wasMade: false,
      isGivenUp: false,
    });
  });
});

/** The session and the priority of a process or thread; see proc_pid_stat(5). */
function readStat(of: number | string) {
  const fields = readFileSync(`/proc/${of}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return { session: fields[3], nice: Number(fields[16]) };
}
