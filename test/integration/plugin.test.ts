import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  glob,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { PACKAGE_VERSION } from '../../src/package-version.ts';
import { findBinaries } from '../controlplane/binaries.ts';
import { bundleIn, copyWithBundle } from '../deploy/bundled-checkout.ts';
import { execute } from '../runs/execute.ts';

const REPOSITORY = 'https://git.example.org/science/jwt-injector';

/** The members of the manifest that Krew uses for this machine. */
interface Manifest {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly version: string;
    readonly homepage: string;
    readonly platforms: readonly {
      readonly uri: string;
      readonly sha256: string;
      readonly bin: string;
      readonly files: readonly { readonly from: string; readonly to: string }[];
    }[];
  };
}

/**
 * Krew moves a file or folder of this name, else the files that match the pattern; if nothing matches, it
 * ends with an error.
 */
async function moveAsKrew(
  fromFolder: string,
  toFolder: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const one = await stat(join(fromFolder, from)).catch(() => undefined);
  const paths: string[] = one === undefined ? [] : [from];
  if (one === undefined) for await (const path of glob(from, { cwd: fromFolder })) paths.push(path);
  assert.ok(paths.length > 0, `no files in the archive match ${from}`);
  for (const path of paths) {
    const isRenamed = one !== undefined && to !== '.';
    const target = join(toFolder, isRenamed ? to : join(to, basename(path)));
    await mkdir(dirname(target), { recursive: true });
    await rename(join(fromFolder, path), target);
  }
}

describe('kubectl jwt', { concurrency: false }, () => {
  let folder: string;
  let checkout: string;
  let kubectl: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-injector-plugin-'));
    checkout = await copyWithBundle(join(folder, 'checkout'));
    ({ kubectl } = await findBinaries());
  });
  after(() => rm(folder, { recursive: true }));

  /** The real kubectl finds plugins on the PATH, by their names. */
  async function callPlugin(bin: string, ...args: readonly string[]): Promise<string> {
    const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
    const env = { ...process.env, PATH: path, HOME: folder, KUBECONFIG: join(folder, 'no-cluster') };
    return (await execute(kubectl, ['jwt', ...args], { env, cwd: folder })).stdout;
  }

  it('works from npm install -g .', async () => {
    const clone = await bundleIn(join(folder, 'clone'), 'test ! -e dist');
    const prefix = join(folder, 'prefix');
    const env = { ...process.env, NPM_CONFIG_PREFIX: prefix, NPM_CONFIG_CACHE: join(folder, 'npm') };
    await execute('npm', ['install', '-g', '.'], { cwd: clone, env });
    const bin = join(prefix, 'bin');
    assert.match(await callPlugin(bin, 'version'), new RegExp(`^jwt-injector ${PACKAGE_VERSION} `));
    assert.match(await callPlugin(bin, 'status', '--help'), /^Usage: jwt-injector status /);

    // It is a link to the clone: a build that fails there leaves it as it was.
    const made = await readdir(join(clone, 'dist'), { recursive: true });
    assert.ok(made.includes('sbom.cdx.json') && made.includes('bin/kubectl-jwt'));
    await writeFile(join(clone, 'package-lock.json'), '{');
    await assert.rejects(execute('npm', ['run', 'build'], { cwd: clone }));
    assert.deepEqual(await readdir(join(clone, 'dist'), { recursive: true }), made);
    assert.deepEqual(
      (await readdir(clone)).filter((name) => name.startsWith('dist')),
      ['dist'],
    );
    assert.match(await callPlugin(bin, 'version'), /^jwt-injector /);
  });

  it('and the first commands of the README need npm ci, and say so', async () => {
    const clone = await bundleIn(join(folder, 'fresh'), 'rm node_modules');
    const env = { ...process.env, NPM_CONFIG_CACHE: join(folder, 'fresh-npm') };
    const call = (words: string) => execute('sh', ['-c', words], { cwd: clone, env });
    const sign = 'npm run -s jwt-injector -- sign -f deploy/examples/my-jwt.yaml';
    for (const words of [sign, 'npm test -s', 'npm run -s build', 'npm run -s demo'])
      await assert.rejects(call(words), {
        code: 3,
        stdout: '',
        stderr: /^jwt-injector .* run "npm ci" first .*\n$/,
      });

    await bundleIn(clone); // instead of npm ci
    for (const words of [sign, sign.replace('npm run -s jwt-injector --', 'npx --no jwt-injector')])
      assert.match((await call(words)).stdout, /^eyJ/);
  });

  it('works from what Krew unpacks by the manifest of a release', async () => {
    const out = join(folder, 'release');
    const { stdout } = await execute(join(checkout, 'deploy/krew/pack'), [out, `${REPOSITORY}/`]);
    assert.equal(stdout, `plugin    ${out}/jwt-injector-${PACKAGE_VERSION}.tgz\nmanifest  ${out}/jwt.yaml\n`);
    const text = await readFile(join(out, 'jwt.yaml'), 'utf8');
    assert.doesNotMatch(text, /REPOSITORY|SHA256|VERSION/);
    const { metadata, spec } = parse(text) as Manifest;
    const { version, homepage, platforms } = spec;
    assert.deepEqual([metadata.name, version, homepage], ['jwt', `v${PACKAGE_VERSION}`, REPOSITORY]);
    const [platform] = platforms;
    assert.ok(platform !== undefined);
    const archive = `jwt-injector-${PACKAGE_VERSION}.tgz`;
    assert.equal(platform.uri, `${REPOSITORY}/releases/download/v${PACKAGE_VERSION}/${archive}`);
    const bytes = await readFile(join(out, archive));
    assert.equal(platform.sha256, createHash('sha256').update(bytes).digest('hex'));

    const unpacked = join(folder, 'unpacked');
    await mkdir(unpacked);
    await execute('tar', ['--extract', '--gzip', '--file', join(out, archive), '--directory', unpacked]);
    const installed = join(folder, 'installed');
    for (const operation of platform.files) await moveAsKrew(unpacked, installed, operation);
    const bin = join(folder, 'krew-bin');
    await mkdir(bin);
    await symlink(join(installed, platform.bin), join(bin, 'kubectl-jwt'));
    assert.match(await callPlugin(bin, 'version'), new RegExp(`^jwt-injector ${PACKAGE_VERSION} `));
    assert.match(await callPlugin(bin, 'sign', '-f', join(checkout, 'deploy/examples/my-jwt.yaml')), /^eyJ/);
  });

  for (const [args, words] of [
    [[], /two arguments/],
    [['x', 'git.example.org'], /not the URL of a repository/],
  ] as const) {
    it(`deploy/krew/pack ${args.join(' ')} ends with one sentence, and makes nothing`, async () => {
      await assert.rejects(execute(join(checkout, 'deploy/krew/pack'), [...args], { cwd: folder }), {
        code: 2,
        stderr: words,
      });
    });
  }
});
