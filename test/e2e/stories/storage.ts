import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { execute } from '../../runs/execute.ts';
import { signChanged } from '../../verifiers/hand-made.ts';
import { startIssuerSite } from '../../verifiers/issuer-site.ts';
import { shortenRefresh } from '../../verifiers/key-cache.ts';
import { BASE_PATH, ISSUER } from '../../verifiers/names.ts';
import { rotateQuickly } from '../../verifiers/rotate-quickly.ts';
import { furnishWorld } from '../../verifiers/world.ts';
import { HTTP_PORT, startXrootd } from '../../verifiers/xrootd.ts';
import { API_ADDRESS } from '../cluster/addresses.ts';
import { BUSYBOX, CLI } from './science-namespace.ts';
import type { Scene, Story } from './story.ts';

const NAMESPACE = 'storage';
const NAME = 'my-jwt';
const SEEN_WITHIN_MS = 150_000; // the kubelet takes up to 90 s
const REFRESH_SECONDS = 5;

/** Reads a protected file all the time. Prints each new answer, with the end of the token that was sent. */
const READ_FILE = `
while :; do
  [ -z "$BEARER_TOKEN_FILE" ] || read -r token <"$BEARER_TOKEN_FILE"
  said=$(wget -q -O - --header "Authorization: Bearer $token" "$FILE" 2>&1)
  line="\${said} \${token##*.}"
  [ "$line" = "$last" ] || echo "$line"
  last=$line
  sleep 0.5
done`;

/**
 * The story of the quickstart, from a key to a file that a pod reads, then a renewal and a rotation: no read
 * is refused.
 */
export const STORAGE: Story = {
  name: 'storage',
  async play(scene) {
    const { kubectl, adminKubeconfig } = scene.cluster.controlPlane;
    const folder = await mkdtemp(join(tmpdir(), 'storage-'));
    await chmod(folder, 0o755); // XRootD does not run as root
    const world = await furnishWorld(join(folder, 'world'));
    await using site = await startIssuerSite(world);
    const dir = join(site.folder, new URL(ISSUER).host);
    const cli = (...args: readonly string[]) => execute(process.execPath, [CLI, ...args]);
    const live = ['-n', NAMESPACE, `--kubeconfig=${adminKubeconfig}`];

    await kubectl(['create', 'namespace', NAMESPACE]);
    await cli('keygen', NAME, `--issuer=${ISSUER}`, `--dir=${folder}`);
    await cli('jwks', '-f', join(folder, `${NAME}-jwk.json`), `--issuer=${ISSUER}`, `--dir=${dir}`);
    const manifests = ['key-secret', 'jwt'].flatMap((what) => ['-f', join(folder, `${NAME}-${what}.yaml`)]);
    await kubectl(['apply', '-n', NAMESPACE, ...manifests]);
    await kubectl(['wait', 'jwt', NAME, '-n', NAMESPACE, '--for=condition=Ready', '--timeout=60s']);
    await cli('verify', NAME, ...live, `--ca-file=${world.caFile}`);
    await using storage = await startXrootd(world, {
      issuers: [{ issuer: ISSUER }],
      files: { [`${BASE_PATH}/hello.txt`]: 'Hello, OSDF\n' },
    });
    scene.log('a key is made, published and used; verify says that the token is accepted');

    await startReaders(scene);
    await kubectl(['annotate', 'deployment', 'reader', '-n', NAMESPACE, `tokens.osg-htc.org/token=${NAME}`]);
    await kubectl(['rollout', 'status', 'deployment/reader', '-n', NAMESPACE, '--timeout=3m']);
    const first = await readToken(scene);
    await waitForReading(scene, first);
    await waitForWords(scene, 'tokenless', /403/);
    scene.log('the pod reads the protected file, and one without the annotation gets 403');
    using _ = shortenRefresh(storage, REFRESH_SECONDS);

    await cli('renew', NAME, ...live);
    const second = await readToken(scene);
    assert.notEqual(second, first);
    await hurryKubelet(scene, 'renewed');
    await waitForReading(scene, second);
    scene.log('it reads with the renewed token');

    const key = createPrivateKey(await readFile(join(folder, `${NAME}-key.pem`)));
    const keepAsking = setInterval(() => {
      const token = signChanged(second, key, { claims: { jti: crypto.randomUUID() } });
      void storage.ask({ path: `${BASE_PATH}/hello.txt`, token });
    }, 1_000); // XRootD fetches keys when it gets a token
    const rotated = await rotateQuickly({
      namespace: NAMESPACE,
      name: NAME,
      kubectl,
      storage,
      rotate: async (...flags) => {
        const args = [NAME, ...live, `--dir=${dir}`, `--ca-file=${world.caFile}`, '-o', 'json', ...flags];
        const { stdout, code } = await cli('rotate', ...args).then(
          (done) => ({ ...done, code: 0 }),
          (error: { readonly stdout: string; readonly code: number }) => error,
        );
        return { code, report: JSON.parse(stdout) };
      },
    }).finally(() => clearInterval(keepAsking));
    assert.deepEqual([rotated.code, rotated.report.step], [0, 'keep-old']);
    const third = await readToken(scene);
    assert.notEqual(third, second);
    await hurryKubelet(scene, 'rotated');
    await waitForReading(scene, third);
    const words = (await readLog(scene, 'reader')).trim().split('\n');
    assert.deepEqual(
      words.map((line) => line.replace(/ \S+$/, '')),
      ['Hello, OSDF', 'Hello, OSDF', 'Hello, OSDF'],
    );
    scene.log('it reads with a token of the new key, and no reading was refused');
  },
};

/** One Deployment that will be annotated, and one that will not. */
async function startReaders({ cluster }: Scene): Promise<void> {
  const url = `http://${API_ADDRESS}:${HTTP_PORT}${BASE_PATH}/hello.txt`;
  const deployments = ['reader', 'tokenless'].map((name) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      selector: { matchLabels: { app: name } },
      strategy: { type: 'Recreate' },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'main',
              image: BUSYBOX,
              command: ['sh', '-c', READ_FILE],
              env: [{ name: 'FILE', value: url }],
            },
          ],
        },
      },
    },
  }));
  await cluster.controlPlane.apply(deployments.map((one) => stringify(one)).join('---\n'));
}

/** The present token in the Secret. */
async function readToken({ cluster }: Scene): Promise<string> {
  const args = ['get', 'secret', NAME, '-n', NAMESPACE, '-o', 'jsonpath={.data.token}'];
  const { stdout } = await cluster.controlPlane.kubectl(args);
  return Buffer.from(stdout, 'base64').toString();
}

/** Changes a pod: then the kubelet reads its Secrets at once, otherwise within 90 s. */
async function hurryKubelet({ cluster }: Scene, why: string): Promise<void> {
  const pods = ['pods', '-n', NAMESPACE, '-l', 'app=reader'];
  await cluster.controlPlane.kubectl(['annotate', ...pods, '--overwrite', `example.com/look=${why}`]);
}

async function waitForReading(scene: Scene, token: string): Promise<void> {
  await waitForWords(scene, 'reader', new RegExp(`^Hello, OSDF ${token.split('.').at(-1)}$`, 'm'));
}

async function waitForWords(scene: Scene, app: string, words: RegExp): Promise<void> {
  let last = '';
  await waitUntil(`the pod of ${app} to print ${words}`, SEEN_WITHIN_MS, async () => {
    last = await readLog(scene, app);
    return words.test(last);
  }).catch((error: unknown) => assert.fail(`${String(error)}; it printed: ${last}`));
}

/** The output of the pods that run now. */
async function readLog({ cluster }: Scene, app: string): Promise<string> {
  const args = ['logs', '-n', NAMESPACE, '-l', `app=${app}`, '--tail=-1'];
  return (await cluster.controlPlane.kubectl(args, { allowFailure: true })).stdout;
}
