import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { DoctorReport } from '../../../src/commands/doctor/doctor-lines.ts';
import type { Finding } from '../../../src/commands/installation/finding.ts';
import type { StatusReport } from '../../../src/commands/status/status-report.ts';
import { waitUntil } from '../../controlplane/wait-until.ts';
import { execute } from '../../runs/execute.ts';
import {
  ASKS_FOR_TOKEN,
  BUSYBOX,
  CLI,
  makeScienceNamespace,
  RESTRICTED_CONTAINER,
  RESTRICTED_POD,
} from './science-namespace.ts';
import type { Scene, Story } from './story.ts';

const NAMESPACE = 'admin';
/** The kubelet itself writes a new token within 90 s; a machine under load can need twice the time. */
const RENEWED_WITHIN_MS = 180_000;

/**
 * A firewall for nft between the API server and port 8443 of the pods. The pods are ready and the Service has
 * its endpoints, as the probes use port 8080.
 */
const FIREWALL = `table inet firewall {
  chain to { type filter hook output priority filter; ip daddr 10.240.0.0/16 tcp dport 8443 drop; }
}`;

/**
 * The output of `kubectl jwt` for a real installation: that everything is well, what is not, and which token
 * each pod has.
 */
export const ADMIN: Story = {
  name: 'admin',
  async play(scene) {
    const call = await installPlugin(scene);
    await consultDoctor(scene, call);
    await compareTokens(scene, call);
  },
};

/** Runs `kubectl jwt` with these arguments; gives its output and exit code. */
type Call = (...words: readonly string[]) => Promise<{ readonly out: string; readonly code: number }>;

/** Puts the program on the PATH under the name by which kubectl finds it. */
async function installPlugin({ cluster: { controlPlane } }: Scene): Promise<Call> {
  const bin = join(controlPlane.place.folder, 'plugins');
  await mkdir(bin);
  await symlink(CLI, join(bin, 'kubectl-jwt'));
  const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH: path, KUBECONFIG: controlPlane.adminKubeconfig };
  return async (...words) => {
    try {
      return {
        out: (await execute(controlPlane.place.kubectlPath, ['jwt', ...words], { env })).stdout,
        code: 0,
      };
    } catch (error) {
      if (!(error instanceof Error && 'stdout' in error && 'code' in error)) throw error;
      return { out: String(error.stdout), code: Number(error.code) };
    }
  };
}

async function consultDoctor({ log }: Scene, call: Call): Promise<void> {
  const isAllWell = async (): Promise<string> => {
    const { out, code } = await call('doctor');
    assert.equal(code, 0, out);
    assert.doesNotMatch(out, /^(PROBLEM|not known) /m);
    assert.match(out, /^OK +endpoints +2 replicas answer for the Service$/m);
    return out;
  };
  log(`kubectl jwt doctor finds nothing: ${(await isAllWell()).trim().split('\n').at(-1)}`);
  await execute('nft', [FIREWALL]);
  try {
    const { out, code } = await call('doctor', '-o', 'json');
    assert.equal(code, 1, out);
    const { findings } = JSON.parse(out) as DoctorReport;
    const problems: readonly Finding[] = findings.filter(({ result }) => result !== 'ok');
    assert.deepEqual(
      problems.map(({ check }) => check),
      ['tried-pod'],
      out,
    );
    assert.match(problems[0]?.message ?? '', /the API server gets no answer from jwt-injector/);
    assert.match(problems[0]?.remedy ?? '', /open port 8443 of the pods/);
    log(`with a firewall before the pods it says: ${problems[0]?.message}`);
  } finally {
    await execute('nft', ['delete table inet firewall']);
  }
  await isAllWell();
}

async function compareTokens({ cluster: { controlPlane }, log }: Scene, call: Call): Promise<void> {
  await makeScienceNamespace(controlPlane, NAMESPACE, 'restricted');
  const container = {
    name: 'main',
    image: BUSYBOX,
    command: ['sleep', '10000'],
    securityContext: RESTRICTED_CONTAINER,
  };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'holder', namespace: NAMESPACE, annotations: ASKS_FOR_TOKEN },
    spec: { terminationGracePeriodSeconds: 1, securityContext: RESTRICTED_POD, containers: [container] },
  };
  await controlPlane.apply(stringify(pod));
  const place = ['-n', NAMESPACE];
  await controlPlane.kubectl(['wait', 'pod', 'holder', ...place, '--for=condition=Ready', '--timeout=2m']);

  /** `jti` of the token in the pod, read without our program. */
  const readId = async (): Promise<string> => {
    const { stdout } = await controlPlane.kubectl([
      'exec',
      'holder',
      ...place,
      '--',
      'cat',
      '/var/run/secrets/jwt/token',
    ]);
    const claims = Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString();
    return (JSON.parse(claims) as { readonly jti: string }).jti;
  };
  const compare = async () => {
    const { out, code } = await call('status', 'tok', ...place, '--exec', '-o', 'json');
    assert.equal(code, 0, out);
    const [jwt] = (JSON.parse(out) as StatusReport).jwts;
    const [holder] = jwt?.pods ?? [];
    return { tokenId: jwt?.tokenId, files: holder?.files?.map(({ token }) => token) };
  };
  const first = await readId();
  assert.deepEqual(await compare(), { tokenId: first, files: ['present'] });
  assert.equal((await call('renew', 'tok', ...place)).code, 0);
  const afterwards = await compare();
  assert.notEqual(afterwards.tokenId, first);
  // The kubelet itself would write it within 90 s.
  assert.equal((await call('renew', 'tok', ...place, '--prompt')).code, 0);
  const second = await waitUntil('status to find the new token in the pod', RENEWED_WITHIN_MS, async () => {
    const { tokenId, files } = await compare();
    return files?.[0] === 'present' && tokenId;
  });
  assert.equal(await readId(), second);
  log(
    `kubectl jwt status --exec: after a renewal the pod's file was ${String(afterwards.files)}, then present`,
  );
}
