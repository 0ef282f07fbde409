import assert from 'node:assert/strict';
import { mkdir, mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { execute } from '../../runs/execute.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const JWK = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'a', alg: 'ES256' };

it('a site can be read by a web server, whatever the umask is; a folder that was there stays as it is', async () => {
  await using home = await mkdtempDisposable(join(tmpdir(), 'jwt-public-'));
  const site = join(home.path, 'new/site');
  await mkdir(join(home.path, 'new'), { mode: 0o700 });
  const args = [MAIN, 'jwks', '-f', '-', '--issuer', 'https://i.example', '--dir', site];
  const started = execute('sh', ['-c', 'umask 077; exec "$@"', 'sh', process.execPath, ...args]);
  started.child.stdin?.end(JSON.stringify(JWK));
  await started;
  const modeOf = async (path: string) => ((await stat(join(home.path, path))).mode & 0o777).toString(8);
  const files = ['.well-known/issuer.jwks', '.well-known/openid-configuration', 'index.html', '.nojekyll'];
  for (const file of files) assert.equal(await modeOf(`new/site/${file}`), '644', file);
  assert.deepEqual(
    [await modeOf('new/site/.well-known'), await modeOf('new/site'), await modeOf('new')],
    ['755', '755', '700'],
  );
});
