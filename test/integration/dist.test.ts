import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { bundleIn, copy } from '../deploy/bundled-checkout.ts';
import { startReaper, type Reaper } from '../controlplane/reaper.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { execute } from '../runs/execute.ts';
import { reviewText } from '../server/reviews.ts';
import type { Loose } from './objects.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'deploy/examples/my-jwt.yaml');
/**
 * Files that git and npm make for a user with this umask are private; `node_modules` is a link, and is not
 * changed.
 */
const AS_WITH_UMASK_077 = 'chmod -R go= . && umask 077 && npm run build';

/**
 * Follows the Dockerfile, without Docker: it reads from it which files are copied, so that the image has all
 * files that this test has. `npm run e2e` builds the image itself.
 */
describe('the bundled service with nothing installed beside it, made as the Dockerfile says', () => {
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
    const checkout = await bundleIn(join(folder, 'checkout'));
    await followDockerfile(checkout, app);

    // No cluster, and nothing of the user's: everything that is needed is in `app`.
    env = { HOME: folder, KUBECONFIG: undefined, NODE_PATH: undefined, NODE_ENV: 'production' };
    const certificates = join(folder, 'certificates');
    await execute(join(ROOT, 'certs/make-dev-certs.sh'), ['--out', certificates, '--ip', '127.0.0.1']);
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
    return (await execute(process.execPath, [join(app, 'dist/main.js'), ...args], options)).stdout;
  };

  it('has the bundle and nothing else', async () => {
    assert.deepEqual((await readdir(app)).toSorted(), ['dist']);
    const files = await readdir(join(app, 'dist'), { recursive: true });
    const others = files.filter(
      (file) =>
        !/^(main\.js(\.map)?|LICENSE|package\.json|parts(\/[\w-]+\.c?js(\.map)?)?|bin(\/(jwt-injector|kubectl-jwt))?|licenses\.txt|sbom\.cdx\.json)$/.test(
          file,
        ),
    );
    assert.deepEqual(others, []);
  });

  it('names every package that is bundled, with its licence', async () => {
    const licenses = await readFile(join(app, 'dist/licenses.txt'), 'utf8');
    const bundled = new Set<string>();
    for (const part of await readdir(join(app, 'dist/parts'))) {
      if (/\.c?js$/.test(part))
        for (const name of await packagesIn(join(app, 'dist/parts', part))) bundled.add(name);
    }
    for (const name of ['fastify', '@kubernetes/client-node', 'jose', 'undici', 'socks'])
      assert.ok(bundled.has(name), name);
    for (const name of bundled)
      assert.match(licenses, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\S* \\(.+\\)$`, 'm'));
    assert.match(licenses, /Permission is hereby granted, free of charge/);
  });

  it('lists every package that is bundled, with version, hash and licence, as CycloneDX', async () => {
    const sbom: Loose = JSON.parse(await readFile(join(app, 'dist/sbom.cdx.json'), 'utf8'));
    assert.deepEqual([sbom.bomFormat, sbom.specVersion], ['CycloneDX', '1.5']);
    assert.equal(sbom.metadata.component.name, 'jwt-injector');
    const licenses = await readFile(join(app, 'dist/licenses.txt'), 'utf8');
    const bundled = [...licenses.matchAll(/^-{80}\n\n(\S+) (\S+) \((.+)\)$/gm)];
    assert.ok(bundled.length > 50, `only ${bundled.length} packages`);
    for (const [, name, version] of bundled) {
      const listed = sbom.components.find((one: Loose) => one.name === name && one.version === version);
      assert.ok(listed, `${name} ${version}`);
      assert.ok(listed.hashes.length > 0 && listed.licenses.length > 0, name);
    }
    assert.ok(
      !sbom.components.some((one: Loose) => one.name === 'esbuild'),
      'what only builds is not listed',
    );
  });

  it('is equal, byte for byte, if it is made in another folder by a user with another umask', async () => {
    const other = join(folder, 'other-app');
    await followDockerfile(await bundleIn(join(folder, 'other'), AS_WITH_UMASK_077), other);
    const names = (await readdir(other, { recursive: true })).toSorted();
    assert.deepEqual(names, (await readdir(app, { recursive: true })).toSorted());
    for (const name of names) {
      const [one, two] = await Promise.all([app, other].map((place) => describeFile(join(place, name))));
      assert.deepEqual(two, one, name);
    }
  });

  it('has programs that everyone may execute, each by the Node of the image', async () => {
    for (const name of ['jwt-injector', 'kubectl-jwt']) {
      const path = join(app, 'dist/bin', name);
      assert.equal((await stat(path)).mode & 0o777, 0o755);
      assert.match(await readFile(path, 'utf8'), /^#!\/usr\/local\/bin\/node\n/);
      const options = { cwd: folder, env: { ...process.env, ...env } };
      assert.match((await execute(process.execPath, [path, 'version'], options)).stdout, /^jwt-injector \d/);
    }
  });

  it('only loads what a command needs', async () => {
    const main = await readFile(join(app, 'dist/main.js'), 'utf8');
    const loadedBy = async (command: string): Promise<ReadonlySet<string>> => {
      const [part] = new RegExp(`parts/${command}(-\\w+)?\\.js`).exec(main) ?? [];
      assert.ok(part, command);
      const names = new Set<string>();
      for (const file of await withImports(join(app, 'dist', part)))
        for (const name of await packagesIn(file)) names.add(name);
      return names;
    };
    const needsServer = ['fastify', 'pino', 'prom-client'];
    const whole = await loadedBy('run');
    for (const name of [...needsServer, '@kubernetes/client-node', 'jose']) assert.ok(whole.has(name), name);
    for (const name of ['pino-pretty', 'diff', 'rfc6902'])
      assert.ok(!whole.has(name), `run loads ${name} without a terminal`);
    for (const name of ['ajv', 'light-my-request', 'ws', '@opentelemetry/api', 'yaml', 'tdigest'])
      assert.ok(!whole.has(name), `run loads ${name}, which it never uses`);
    for (const name of ['socks', 'ip-address', 'hpagent', 'openid-client', 'jsonpath-plus', 'semver'])
      assert.ok(!whole.has(name), `run loads ${name} before it is used`);
    const files = await withImports(join(app, 'dist/parts/run.js'));
    assert.ok(files.size < 10, `run opens ${files.size} files`);
    for (const command of ['sign', 'inject', 'explain', 'version']) {
      const names = await loadedBy(command);
      for (const name of [...needsServer, '@kubernetes/client-node', 'undici'])
        assert.ok(!names.has(name), `${command} loads ${name}`);
    }
    for (const name of needsServer) assert.ok(!(await loadedBy('renew')).has(name), `renew loads ${name}`);
  });

  it('says to an older Node in one line that it is too old, before it reads another file', async () => {
    const main = join(app, 'dist/main.js');
    const [, ...imported] = await withImports(main);
    assert.deepEqual(imported, []);
    const script =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });";
    const older = ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
    const options = { cwd: folder, env: { ...process.env, ...env } };
    for (const args of [['status'], ['run'], ['--help'], []]) {
      await assert.rejects(execute(process.execPath, [...older, main, ...args], options), {
        code: 3,
        stdout: '',
        stderr: /^error: jwt-injector needs Node 24 or newer, this is 20\.20\.2; install it .*\n$/,
      });
    }
  });

  it('prints its version', async () => {
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

  it('answers its probes and counts its decisions', async () => {
    const ask = (path: string) => fetch(`http://127.0.0.1:${service.httpPort}${path}`);
    for (const path of ['/livez', '/readyz']) assert.equal((await ask(path)).status, 200, path);
    const metrics = await (await ask('/metrics')).text();
    assert.match(metrics, /jwt_injector_admission_decisions_total\{decision="inject",reason="Injected"\} 1/);
  });

  it('ends with 0 on SIGTERM, after its work has ended', async () => {
    assert.equal(await service.stop(), 0);
    const last = service.logLines().slice(-2);
    assert.deepEqual(
      last.map(({ msg }) => msg),
      ['stopping', 'stopped'],
    );
  });
});

interface Copy {
  readonly from: string;
  readonly to: string;
}

/** A file of the bundle and all its static imports, without those by `import()`. */
async function withImports(file: string, known = new Set<string>()): Promise<ReadonlySet<string>> {
  if (known.has(file)) return known;
  known.add(file);
  const text = await readFile(file, 'utf8');
  for (const [, path = ''] of text.matchAll(
    /(?:^|[;}])(?:import|export)\s*(?:[^;"'()]*from\s*)?"(\.[^"]+)"/gm,
  ))
    await withImports(join(dirname(file), path), known);
  return known;
}

/** The source maps of `diff` name its files as if they were in `node_modules/src/…`. */
const DIFF_SOURCES = 'src';

/** Names of the packages that are part of a file of the bundle, from its source map. */
async function packagesIn(file: string): Promise<readonly string[]> {
  const { sources } = JSON.parse(await readFile(`${file}.map`, 'utf8')) as { sources: string[] };
  const names = sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
  return names.map((name) => (name === DIFF_SOURCES ? 'diff' : name));
}

/** Makes `app` from the checkout, with the modes of its files, which Docker and buildah keep. */
async function followDockerfile(checkout: string, app: string): Promise<void> {
  for (const { from, to } of await readDockerfile()) await copy(join(checkout, from), join(app, to));
}

/** The files that the Dockerfile copies from the checkout, below /app. */
async function readDockerfile() {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const copies = readCopies(dockerfile.slice(dockerfile.indexOf('\nWORKDIR /app\n')));
  assert.ok(copies.length > 0);
  const ignored = await readFile(join(ROOT, '.dockerignore'), 'utf8');
  assert.deepEqual(
    ignored.trim().split('\n'),
    ['*', ...copies.map(({ from }) => `!${from}`)],
    '.dockerignore lets through what is copied, and nothing else',
  );
  return copies;
}

async function describeFile(path: string) {
  const { mode } = await stat(path);
  const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
  return {
    mode: mode.toString(8),
    content: isFile ? hash('sha256', await readFile(path)) : undefined,
  };
}

/** `COPY a b dir/` copies each under its own name into dir; `COPY a b` copies a to b. */
function readCopies(stage: string): readonly Copy[] {
  return [...stage.matchAll(/^COPY (.+)$/gm)].flatMap(([, words = '']) => {
    const paths = words.split(/\s+/);
    const to = paths.pop() ?? '';
    return paths.map((from) => ({
      from,
      to: to.endsWith('/') ? join(to, from.split('/').at(-1) ?? '') : to,
    }));
  });
}
