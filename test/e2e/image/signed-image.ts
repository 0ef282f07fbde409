import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import type { Reaper } from '../../controlplane/reaper.ts';
import type { DebianArch } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';
import { findGoTool } from '../../tools/go-tool.ts';
import { releaseProduct, type Checkout } from './product-image.ts';

/** Go tools: cosign and a registry, which take a few minutes to build. */
const TOOLS = join(import.meta.dirname, '../../tools/cosign');

interface Means {
  readonly checkout: Checkout;
  /** Created if missing; for keys and settings. */
  readonly folder: string;
  readonly archs: readonly DebianArch[];
  readonly run: Runner;
  readonly runWithPackages: Runner;
  readonly reaper: Reaper;
}

/**
 * Builds the image once more, pushes it to a registry on loopback, and signs it and its list of packages with
 * a key, all by `deploy/release`. Then cosign verifies everything as a user would before installing. At last
 * the registry ends, and `deploy/release` must fail. The public log of Sigstore is left out. Resolves to the
 * script's output.
 */
export async function pushSigned(means: Means): Promise<string> {
  const { checkout, folder, archs, run, runWithPackages } = means;
  await mkdir(join(folder, 'bin'), { recursive: true });
  await symlink(await findGoTool(TOOLS, process.env, { name: 'cosign' }), join(folder, 'bin/cosign'));
  const cosign = (...args: readonly string[]) =>
    run(join(folder, 'bin/cosign'), args, { cwd: folder, env: { COSIGN_PASSWORD: 'of a test' } });
  for (const name of ['ours', 'theirs']) await cosign('generate-key-pair', `--output-key-prefix=${name}`);
  const registry = await startRegistry(means);

  const settings = join(folder, '.config/containers'); // where buildah searches for them
  await mkdir(settings, { recursive: true });
  await writeFile(
    join(settings, 'registries.conf'),
    `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`,
  );
  const image = `${registry.address}/jwt-injector:${PACKAGE_VERSION}`;
  const env = {
    HOME: folder,
    COSIGN_KEY: join(folder, 'ours.key'),
    COSIGN_PASSWORD: 'of a test',
    COSIGN_FLAGS: '--tlog-upload=false',
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  };
  const release = () => releaseProduct(runWithPackages, { checkout, archs, flags: ['--push'], image, env });
  const said = await release();
  const digest = /^index +(\S+)$/m.exec(said)?.[1];
  const key = `with ${env.COSIGN_KEY}`;
  for (const line of [
    `pushed    ${image}@${digest}`,
    `signed    ${image}@${digest} and its dist/sbom.cdx.json, ${key}`,
  ])
    assert.ok(said.split('\n').includes(line), `deploy/release did not say "${line}":\n${said}`);

  const place = image.slice(0, image.lastIndexOf(':'));
  const verify = (by: string, of: string) =>
    cosign('verify', `--key=${by}.pub`, '--insecure-ignore-tlog', `${place}@${of}`);
  const all = archs.map((arch) => new RegExp(`^${arch} +(\\S+)`, 'm').exec(said)?.[1]);
  for (const one of [digest, ...all]) await verify('ours', String(one));
  await assert.rejects(verify('theirs', String(digest)), /no (?:matching )?signatures|invalid signature/);
  const attestation = await cosign(
    'verify-attestation',
    '--key=ours.pub',
    '--insecure-ignore-tlog',
    '--type=cyclonedx',
    `${place}@${digest}`,
  );
  const { payload } = JSON.parse(attestation);
  const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString());
  assert.deepEqual(predicate, JSON.parse(await readFile(join(checkout.root, 'dist/sbom.cdx.json'), 'utf8')));

  registry.end();
  await assert.rejects(release(), (error) => {
    assert.ok(error instanceof ControlPlaneError);
    assert.match(error.message, /ended with 3:/);
    assert.ok(error.message.includes(`release: ${image} was built, but not pushed`), error.message);
    return true;
  });
  return said;
}

/** A registry in memory, on a free port of loopback. */
async function startRegistry({
  reaper,
}: Means): Promise<{ readonly address: string; readonly end: () => void }> {
  const child = spawn(await findGoTool(TOOLS, process.env, { name: 'registry' }), ['-port=0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new ControlPlaneError('the registry could not be started');
  reaper.watch(pid);
  let port: string | undefined;
  for await (const line of createInterface(child.stderr)) {
    port = /serving on port (\d+)/.exec(line)?.[1];
    if (port !== undefined) break;
  }
  if (port === undefined) throw new ControlPlaneError('the registry ended before it listened');
  child.stderr.resume(); // it prints a line for each request
  const end = (): void => {
    child.kill('SIGKILL');
    reaper.forget(pid);
  };
  return { address: `localhost:${port}`, end };
}
