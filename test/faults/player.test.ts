import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createCertificateAuthority, type CertificateAuthority } from '../controlplane/certificates.ts';
import type { Loose } from '../integration/objects.ts';
import { followOutput, startPlayer, stopAll, type Player } from './player.ts';

/** A process that ends at a signal named in `codes`, with this code (`null`: by the signal itself). */
function makeService(codes: Readonly<Record<string, number | null>>): Loose {
  const { promise: exited, resolve } = Promise.withResolvers<number | null>();
  const kill = (signal: string): void => {
    const code = codes[signal];
    if (code !== undefined) resolve(code);
  };
  const stop = (): Promise<number | null> => {
    kill('SIGTERM');
    return exited;
  };
  return { exited, kill, stop, logLines: () => [], output: () => '' };
}

describe('a player of the fault suite', () => {
  let folder: string;
  let authority: CertificateAuthority;
  let number = 0;
  const start = async (service: Loose): Promise<Player> => {
    const user = { token: 'a token' };
    const cluster: Loose = {
      folder,
      url: 'https://127.0.0.1:1',
      ca: authority.certificate,
      serviceAccountKubeconfig: async () => {
        const file = join(folder, 'kubeconfig');
        await writeFile(file, JSON.stringify({ users: [{ user }] }));
        return file;
      },
    };
    number += 1;
    return startPlayer({
      cluster,
      authority,
      onStored: () => undefined,
      launch: async () => service,
      number,
    });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'player-'));
    authority = await createCertificateAuthority('a test');
  });
  after(() => rm(folder, { recursive: true }));

  it('is stopped without an error if it ends with 0', async () => {
    const player = await start(makeService({ SIGTERM: 0 }));
    await player.stop();
    assert.equal(player.hasCrashed(), false);
  });

  it('reports another exit code', async () => {
    const player = await start(makeService({ SIGTERM: 3 }));
    await assert.rejects(player.stop(), /ended with exit code 3 after SIGTERM/);
  });

  it('reports that it had to be killed', async (t) => {
    const player = await start(makeService({ SIGKILL: null }));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const stopping = player.stop();
    t.mock.timers.tick(30_000);
    await assert.rejects(stopping, /was killed by a signal, of SIGTERM it has 30 s to end/);
  });

  it('has crashed if it ended by itself, and is not judged again when it is stopped', async () => {
    const service = makeService({ SIGSEGV: null, SIGKILL: null });
    const player = await start(service);
    service.kill('SIGSEGV');
    await service.exited;
    assert.equal(player.hasCrashed(), true);
    await player.stop();
    const killed = await start(makeService({ SIGKILL: null }));
    await killed.kill();
    assert.equal(killed.hasCrashed(), false);
  });

  it('is away while it is suspended, and when it has to end, but not after a crash', async () => {
    const player = await start(makeService({ SIGTERM: 0 }));
    assert.equal(player.wasAway(0), false);
    player.service.kill('SIGSTOP');
    assert.equal(player.wasAway(Date.now()), true);
    player.service.kill('SIGCONT');
    assert.deepEqual([player.wasAway(0), player.wasAway(Date.now() + 1)], [true, false]);
    await player.stop();
    assert.equal(player.wasAway(Date.now() + 1), true);
    const service = makeService({ SIGSEGV: null });
    const crashed = await start(service);
    service.kill('SIGSEGV');
    await service.exited;
    assert.equal(crashed.wasAway(0), false);
    await crashed.stop();
  });

  it('is stopped even if another one reports an error', async () => {
    const players = await Promise.all(
      [{ SIGTERM: 1 }, { SIGTERM: 0 }].map((codes) => start(makeService(codes))),
    );
    await assert.rejects(stopAll(players), /exit code 1/);
    assert.deepEqual(
      players.map((player) => player.hasEnded()),
      [true, true],
    );
  });

  it('is followed from now on, like those that are started later', () => {
    const outputs = ['before '];
    const players: Loose[] = [];
    const add = (): void => {
      const index = players.length;
      players.push({ service: { output: () => outputs[index] } });
    };
    add();
    const printed = followOutput(players);
    outputs[0] += 'after';
    outputs.push('new');
    add();
    assert.equal(printed(), 'after\nnew');
  });
});
