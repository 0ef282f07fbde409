import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jwtVerify } from 'jose';
import { PACKAGE_VERSION } from '../../../src/package-version.ts';
import { ControlPlaneError } from '../../controlplane/control-plane-error.ts';
import { readImageStart } from '../../controlplane/image-start.ts';
import type { Reaper } from '../../controlplane/reaper.ts';
import { type DebianArch, unpackPackages } from '../../machine/debian-packages.ts';
import type { Runner } from '../../machine/runner.ts';
import { makeDevCertificate } from '../../server/dev-certificate.ts';
import { reviewText } from '../../server/reviews.ts';
import { send } from '../../server/started-webhook.ts';
import { PRODUCT_IMAGE } from './product-image.ts';

/** QEMU's and Node's names of the architectures. */
const WORDS: Readonly<Record<DebianArch, { readonly qemu: string; readonly node: string }>> = {
  amd64: { qemu: 'x86_64', node: 'x64' },
  arm64: { qemu: 'aarch64', node: 'arm64' },
};
const LISTENS_WITHIN_MS = 120_000;

interface Means {
  /** Path of the checkout. */
  readonly root: string;
  readonly cache: string;
  /** Created if missing. */
  readonly folder: string;
  /** Architecture of this machine. */
  readonly hostArch: DebianArch;
  readonly runWithPackages: Runner;
  readonly run: Runner;
  readonly reaper: Reaper;
}

/** A program with its first arguments. */
type Command = readonly [string, ...string[]];

/**
 * Runs the image of another architecture, with its Node and libraries, in QEMU's emulation of a processor: it
 * prints its version, makes a key and signs with it, and answers a review byte for byte like this machine's
 * own Node. Throws if it does not.
 */
export async function checkEmulated(means: Means, arch: DebianArch): Promise<void> {
  const { root, cache, folder, hostArch, run, runWithPackages } = means;
  await mkdir(folder);
  const files = join(folder, 'root');
  const copy =
    'id=$(buildah from --pull=never --arch="$1" "$2"); cp -a "$(buildah mount "$id")" "$3"; buildah rm "$id"';
  await runWithPackages('sh', ['-euc', copy, 'sh', arch, PRODUCT_IMAGE, files]);
  const emulator = await unpackPackages({
    cache,
    arch: hostArch,
    names: ['qemu-user-static'],
    withDependencies: false,
  });
  const qemu = join(emulator, `root/usr/bin/qemu-${WORDS[arch].qemu}-static`);
  const node: Command = [qemu, '-L', files, join(files, 'usr/local/bin/node')];
  const { flags } = await readImageStart();
  const product: Command = [...node, ...flags, join(files, 'app/dist/main.js')];
  const execute = ([program, ...first]: Command, ...args: readonly string[]) =>
    run(program, [...first, ...args], { cwd: folder });

  assert.equal((await execute(node, '-p', 'process.arch')).trim(), WORDS[arch].node);
  assert.match(await execute(product, 'version'), new RegExp(`^jwt-injector ${PACKAGE_VERSION} `));

  await execute(product, 'keygen', 'emulated', '--issuer=https://issuer.example.com');
  const token = await execute(product, 'sign', '--filename=emulated-jwt.yaml', '--key=emulated-key.pem');
  const key = createPublicKey(await readFile(join(folder, 'emulated-key.pem')));
  assert.equal((await jwtVerify(token.trim(), key)).payload.iss, 'https://issuer.example.com');

  const own: Command = [process.execPath, join(root, 'dist/main.js')];
  const [emulated, native] = [await answerOf(means, product), await answerOf(means, own)];
  assert.match(emulated, /"allowed":true/);
  assert.equal(emulated, native);
}

/** The webhook's answer for an annotated pod, from the webhook that `command` starts. */
async function answerOf({ folder, reaper }: Means, [program, ...first]: Command): Promise<string> {
  const { cert, key } = await makeDevCertificate();
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  const flags = [
    '--no-controller',
    '--no-namespace-default',
    '--webhook-address=127.0.0.1:0',
    '--http-address=127.0.0.1:0',
    `--tls-cert-file=${certFile}`,
    `--tls-key-file=${keyFile}`,
  ];
  const child = spawn(program, [...first, 'run', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LISTENS_WITHIN_MS,
  });
  const { pid } = child;
  if (pid === undefined) throw new ControlPlaneError(`${program} could not be started`);
  reaper.watch(pid);
  try {
    for await (const text of createInterface(child.stdout)) {
      const { msg, port } = JSON.parse(text) as { readonly msg: string; readonly port: number };
      if (msg === 'listening: webhook')
        return (await send(port, '/mutate/pods', reviewText(), { ca: cert })).text;
    }
    throw new ControlPlaneError(`${program} ended before it listened`);
  } finally {
    child.kill('SIGKILL');
    reaper.forget(pid);
  }
}
