import assert from 'node:assert/strict';
import { access, chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { execute } from '../runs/execute.ts';
import { findGoTool } from './go-tool.ts';

/** A fake `go build`: records that it ran, and makes a program after a while. */
const GO = `#!/bin/sh
echo "$@" >> "$FAKE_GO_LOG"
if [ -n "$FAKE_GO_FAILS" ]; then echo "$FAKE_GO_FAILS" >&2; exit 1; fi
sleep 0.5
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"
chmod +x "$2"
`;

describe('findGoTool', () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-go-tool-'));
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/go'), GO);
    await chmod(join(folder, 'bin/go'), 0o755);
    await writeFile(join(folder, 'go.mod'), 'module example\n\ntool example.org/cmd/hello\n');
    await writeFile(join(folder, 'go.sum'), '');
  });

  after(() => rm(folder, { recursive: true }));

  /** Sets an empty cache; the returned function gives how often go was started since. */
  async function begin(name: string, more: NodeJS.ProcessEnv = {}): Promise<() => Promise<number>> {
    const log = join(folder, `${name}.log`);
    await writeFile(log, '');
    environment = {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      JWT_INJECTOR_CACHE: join(folder, name),
      FAKE_GO_LOG: log,
      ...more,
    };
    return async () => (await readFile(log, 'utf8')).split('\n').length - 1;
  }

  /** Builds in another process, which prints the path. */
  async function findElsewhere(): Promise<string> {
    const code = `import { findGoTool } from './go-tool.ts';
      console.log(await findGoTool(process.env.FOLDER));`;
    const args = ['--input-type=module', '--eval', code];
    const env = { ...environment, FOLDER: folder };
    return (await execute(process.execPath, args, { cwd: import.meta.dirname, env })).stdout.trim();
  }

  it('builds once for all concurrent callers, in this process and in others', async () => {
    const count = await begin('together');
    const here = () => findGoTool(folder, environment);
    const paths = await Promise.all([findElsewhere(), findElsewhere(), here(), here()]);
    assert.equal(new Set(paths).size, 1);
    await access(paths[0]);
    assert.equal(await here(), paths[0]);
    assert.equal(await count(), 1);
    assert.equal(
      (await readdir(join(folder, 'together/tools'))).length,
      1,
      'no lock and no half program is left',
    );
  });

  it('tries again after a failure, and names the failure', async () => {
    const count = await begin('failing', { FAKE_GO_FAILS: 'no space left' });
    await assert.rejects(findGoTool(folder, environment), /^Error: cannot build hello: .*no space left/s);
    delete environment['FAKE_GO_FAILS'];
    await access(await findGoTool(folder, environment));
    assert.equal(await count(), 2);
  });
});
