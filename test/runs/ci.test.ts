import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PROGRAMS } from '../browser/chromium.ts';
import { execute } from './execute.ts';

const SCRIPT = join(import.meta.dirname, '../../.ci/run');
const TOOLS = ['go', 'openssl', 'git', 'zsh', 'fish'];
const [CHROMIUM = ''] = PROGRAMS;

describe('.ci/run', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-ci-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs it on a machine with nothing but these programs, none of which does anything. Gives the commands that install. */
  async function runWith(programs: readonly string[], user = 1000): Promise<readonly string[]> {
    const machine = await mkdtemp(join(folder, 'machine-'));
    const [bin, log] = [join(machine, 'bin'), join(machine, 'log')];
    await mkdir(bin);
    await writeFile(log, '');
    const place = async (name: string, script: string): Promise<void> => {
      await writeFile(join(bin, name), `#!/bin/bash\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    };
    for (const name of programs) await place(name, 'true');
    await place('npm', 'true');
    await place('id', `echo ${user}`);
    await place('apt-get', `echo "apt-get $*" >>${log}`);
    await place('sudo', `printf 'sudo ' >>${log}; "$@"`);
    await symlink('/usr/bin/env', join(bin, 'env'));
    await symlink('/usr/bin/dirname', join(bin, 'dirname'));
    await execute('/bin/bash', [SCRIPT], { env: { PATH: bin, HOME: machine } });
    const lines = (await readFile(log, 'utf8')).split('\n');
    return lines.filter((line) => line.includes('apt-get'));
  }

  for (const [who, user, prefix] of [
    ['by sudo for a user', 1000, 'sudo '],
    ['as it is for root', 0, ''],
  ] as const) {
    it(`installs missing programs, ${who}`, async () => {
      assert.deepEqual(await runWith([...TOOLS.filter((tool) => tool !== 'zsh'), CHROMIUM], user), [
        `${prefix}apt-get update -qq`,
        `${prefix}apt-get install -y -qq --no-install-recommends zsh ca-certificates`,
      ]);
    });
  }

  it('installs Chromium if there is none', async () => {
    const [, install = ''] = await runWith(TOOLS);
    assert.match(install, / chromium-headless-shell fonts-dejavu-core /);
  });

  for (const name of PROGRAMS)
    it(`takes ${name}`, async () => assert.deepEqual(await runWith([...TOOLS, name]), []));

  it('says that Go is missing before it does anything', async () => {
    await assert.rejects(runWith([]), /Go is missing\. Install 1\.\d+ or newer/);
  });
});
