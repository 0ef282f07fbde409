import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startControlPlane, type ControlPlane } from '../controlplane/control-plane.ts';
import { installCrd } from '../controlplane/install.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { execute } from '../runs/execute.ts';
import { openTerminal } from './terminal.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** The typed text, and the line after the tab key. */
const LINES: readonly (readonly [typed: string, completed: string])[] = [
  ['jwt-injector key', 'jwt-injector keygen'],
  ['jwt-injector status --exe', 'jwt-injector status --exec'],
  ['jwt-injector version -o ya', 'jwt-injector version -o yaml'],
  ['jwt-injector version --output=ya', 'jwt-injector version --output=yaml'],
  ['jwt-injector renew first', 'jwt-injector renew first-jwt'],
  ['jwt-injector explain jwt -n science sec', 'jwt-injector explain jwt -n science second-jwt'],
];

/** Each shell completes lines with the script that the program prints for it. */
describe('completion', { concurrency: false }, () => {
  let cluster: ControlPlane;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    const lacking = ['bash', 'zsh', 'fish', 'script'].filter(
      (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
    );
    assert.deepEqual(lacking, [], 'install these, for example by apt-get install zsh fish bsdutils');
    folder = await mkdtemp(join(tmpdir(), 'jwt-shells-'));
    const program = `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`;
    await writeFile(join(folder, 'jwt-injector'), program, { mode: 0o755 });
    cluster = await startControlPlane();
    await installCrd(cluster);
    await cluster.createNamespace('science');
    const { apiVersion, kind, spec } = wireJwt();
    for (const [name, namespace] of [
      ['first-jwt', 'default'],
      ['second-jwt', 'science'],
    ])
      await cluster.apply(JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec }));
    env = {
      PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: folder,
      KUBECONFIG: cluster.adminKubeconfig,
    };
  });
  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  const terminals: readonly (readonly [shell: string, command: string, setUp: readonly string[]])[] = [
    ['bash', 'bash --norc --noprofile -i', ['source <(jwt-injector completion bash)']],
    [
      'zsh',
      'zsh -f -i',
      ['autoload -Uz compinit && compinit -u -D', 'source <(jwt-injector completion zsh)'],
    ],
  ];
  for (const [shell, command, setUp] of terminals) {
    it(`works in ${shell}, at a terminal`, async () => {
      await using terminal = await openTerminal(command, env);
      for (const line of setUp) await terminal.run(line);
      for (const [typed, completed] of LINES) await terminal.complete(typed, completed);
    });
  }

  it('works in fish, by its own list of candidates', async () => {
    for (const [typed, completed] of LINES) {
      const script = `jwt-injector completion fish | source; complete --do-complete='${typed}'`;
      const { stdout } = await execute('fish', ['--no-config', '-c', script], {
        env: { ...process.env, ...env },
      });
      const word = completed.split(' ').at(-1);
      assert.deepEqual(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')[0]),
        [word],
        typed,
      );
    }
  });
});
