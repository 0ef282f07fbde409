import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { COMMANDS } from '../../src/commands/all-commands.ts';
import { makeCompletion } from '../../src/commands/completion.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { execute } from '../runs/execute.ts';
import { runCommand } from './captured-io.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
describe('completion', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-completion-'));
    await writeFile(join(folder, 'jwt-injector'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`, {
      mode: 0o755,
    });
  });
  after(() => rm(folder, { recursive: true }));

  const call = (...args: readonly string[]) => runCommand(makeCompletion(COMMANDS), args);
  const complete = async (...typed: readonly string[]): Promise<readonly string[]> =>
    (await call('candidates', '--', ...typed)).out.split('\n').filter((line) => line !== '');

  for (const [typed, expected] of [
    [['ke'], ['keygen']],
    [['re'], ['renew']],
    [['r'], ['run', 'renew', 'rotate']],
    [['status', '--w'], ['--watch']],
    [['nothing', 'x'], []],
    [['keygen', 'x', '--al'], ['--algorithm']],
    [
      ['keygen', 'x', '--algorithm', ''],
      ['ES256', 'RS256'],
    ],
    [['verify', 'x', '-o', 'j'], ['json']],
    [['verify', 'x', '--output=j'], ['--output=json']],
    [['verify', 'x', '--output', '=', 'j'], ['json']],
    [
      ['verify', 'x', '--output', '='],
      ['json', 'yaml'],
    ],
    [['jwks', '--dir', 's'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['migrate', 'c'],
      ['check', 'clean'],
    ],
    [['explain', 'jw'], ['jwt']],
    [['explain', 'pod', 'x'], []],
    [['inspect', '--kubeconfig', '/nowhere', ''], []],
    [['run', '--webhook-a'], ['--webhook-address']],
  ] as const) {
    it(`completes "${typed.join(' ')}"`, async () => assert.deepEqual(await complete(...typed), expected));
  }

  it('shows nothing of an exec plugin, which other commands let ask', async () => {
    const kubeconfig = join(folder, 'with-plugin');
    const script = 'console.error("log in at https://login"); process.exit(1)';
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
    };
    const config = {
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    const candidates = ['completion', 'candidates', '--', 'renew', '--kubeconfig', kubeconfig, ''];
    const completed = await execute(process.execPath, [MAIN, ...candidates]);
    assert.deepEqual([completed.stdout.trim(), completed.stderr], ['', '']);
    await assert.rejects(execute(process.execPath, [MAIN, 'renew', 'x', '--kubeconfig', kubeconfig]), {
      code: 3,
      stderr:
        /^log in at https:\/\/login\nerror: nothing was sent to the API server: .* ended with exit code 1: run it by hand\)\n$/,
    });
  });

  it('offers every verb, and every flag of it', async () => {
    assert.deepEqual(await complete(''), Object.keys(COMMANDS));
    const { out } = await runCommand(rotateCommand, ['--help']);
    const flags = [...out.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = '']) => flag);
    assert.deepEqual((await complete('rotate', '--')).toSorted(), flags.toSorted());
  });

  it('works in bash', async () => {
    const script = [
      'source <(jwt-injector completion bash)',
      'COMP_WORDS=(jwt-injector key); COMP_CWORD=1; _jwt_injector; echo "${COMPREPLY[@]}"',
      'COMP_WORDS=(jwt-injector jwks --iss); COMP_CWORD=2; _jwt_injector; echo "${COMPREPLY[@]}"',
    ].join('\n');
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    assert.equal((await execute('bash', ['-c', script], { env })).stdout, 'keygen\n--issuer\n');
  });

  it('has a script for zsh and fish, and no other shell', async () => {
    assert.match((await call('zsh')).out, /^#compdef jwt-injector\n/);
    assert.match((await call('fish')).out, /^complete -c jwt-injector /m);
    const { code, err } = await call('tcsh');
    assert.equal(code, 2);
    assert.match(err, /choose a shell: bash, zsh or fish, not "tcsh"/);
  });
});
