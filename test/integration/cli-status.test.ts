import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { statusCommand } from '../../src/commands/status.ts';
import { RENEW } from '../../src/resources/names.ts';
import { formatTime } from '../../src/time/format-time.ts';
import { findProgram } from '../controlplane/choose-entry.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { callAs, type Caller } from './cli-run.ts';
import type { Loose, Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

const NAMESPACE = 'cli-status';
const HERE = ['-n', NAMESPACE] as const;

describe('status on a real control plane', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  let admin: Caller;
  let issuedAt: number;
  const printed: string[] = [];

  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage(NAMESPACE));
    admin = callAs(stage.cluster.adminKubeconfig, printed);
    await tenant.apply('long');
    await tenant.apply('short', { expiryTime: { hours: 1 }, resignBefore: { minutes: 30 } });
    await objects.waitForCondition(NAMESPACE, 'long', 'Ready', 'True');
    const { status } = await objects.waitFor('jwts', NAMESPACE, 'short', (jwt) => jwt.status?.issuedAt);
    issuedAt = Date.parse(status.issuedAt) / 1000;
    await createPod('older', issuedAt - 600);
    await createPod('younger', issuedAt + 60);
    await createPod('fixed', issuedAt - 600, [{ name: 'token', mountPath: '/token', subPath: 'token' }]);
  });
  after(() => stage.stop());

  /** Creates a pod with the status that a kubelet reports after it started it at that time. */
  async function createPod(name: string, startedAt: number, volumeMounts?: readonly object[]): Promise<void> {
    const containers = [{ name: 'main', image: 'busybox', ...(volumeMounts && { volumeMounts }) }];
    const volumes = [{ name: 'token', secret: { secretName: 'short' } }];
    const annotations = { 'tokens.osg-htc.org/token': 'short' };
    const isOurs = volumeMounts === undefined; // otherwise the webhook adds volume and mount
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, ...(isOurs && { annotations }) },
      spec: { automountServiceAccountToken: false, containers, ...(!isOurs && { volumes }) },
    };
    await objects.create('pods', NAMESPACE, pod);
    const started = formatTime(startedAt);
    await objects.patch(
      'pods',
      { namespace: NAMESPACE, name, subresource: 'status' },
      {
        status: {
          phase: 'Running',
          startTime: started,
          containerStatuses: [
            {
              name: 'main',
              ready: true,
              restartCount: 0,
              image: 'x',
              imageID: 'x',
              state: { running: { startedAt: started } },
            },
          ],
        },
      },
    );
  }

  it('shows tokens in the order of their expiry, and which pods have them', async () => {
    const { code, out, err } = await admin.run(statusCommand, ...HERE);
    assert.deepEqual([code, err], [0, '']);
    const lines = out.split('\n');
    assert.match(lines[1] ?? '', /^cli-status\/short +True +Signed +█{10} in (1 h|59 min.*) +in \d+ min/);
    assert.match(
      lines[2] ?? '',
      /^ {2}pod fixed +never refreshed in container main \(subPath\): it has an older token/,
    );
    assert.match(lines[3] ?? '', /^ {2}pod older +(due by \d\d:\d\d UTC|delivered)$/);
    assert.match(lines[4] ?? '', /^ {2}pod younger +delivered$/);
    assert.match(lines[5] ?? '', /^cli-status\/long +True +Signed +█{10} in (1 d|23 h 59 min)/);
    assert.match(lines[6] ?? '', /^ {2}no pod mounts it$/);
  });

  it('gives scripts the time by which a pod has the token', async () => {
    const { out } = await admin.run(statusCommand, 'short', '-o', 'json', ...HERE);
    const [jwt] = JSON.parse(out).jwts;
    const older = jwt.pods.find(({ name }: Loose) => name === 'older');
    if (older.delivery === 'due') assert.equal(older.dueBy, formatTime(issuedAt + 90));
    else assert.ok(Date.now() / 1000 >= issuedAt + 90);
  });

  it('--exec says why each file cannot be read: there are no nodes here', async () => {
    const { code, out } = await admin.run(statusCommand, 'short', '--exec', ...HERE);
    assert.equal(code, 0);
    assert.match(
      out,
      /^ {2}pod younger +delivered; not read in container main: the API server answered with status [45]\d\d$/m,
    );
    assert.match(out, /^ {2}pod fixed .*; not read in container main: the API server answered/m);
  });

  it('ends with exit code 1 for a name that does not exist, and for a token that cannot be signed', async () => {
    const missing = await admin.run(statusCommand, 'shortt', 'long', ...HERE);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /there is no JWT "shortt" in namespace cli-status; did you mean short\?/);
    assert.match(missing.out, /^cli-status\/long +True/m);
    await tenant.apply('keyless', { key: { secret: { name: 'no-key', key: 'key.pem' } } });
    await objects.waitForCondition(NAMESPACE, 'keyless', 'Ready', 'False', 'KeyNotFound');
    const { code, out } = await admin.run(statusCommand, '-A', '-o', 'yaml');
    assert.equal(code, 1);
    assert.match(out, /^ {4}name: keyless\n {4}ready: "False"\n {4}reason: KeyNotFound$/m);
    await stage.cluster.kubectl(['delete', 'jwt', 'keyless', ...HERE]);
  });

  it('says what is not known to a user who is only allowed to read JWTs of the namespace', async () => {
    const { kubectl } = stage.cluster;
    await kubectl(['create', 'serviceaccount', 'reader', ...HERE]);
    await kubectl([
      'create',
      'role',
      'reader',
      '--verb=get,list',
      '--resource=jwts.tokens.osg-htc.org',
      ...HERE,
    ]);
    await kubectl([
      'create',
      'rolebinding',
      'reader',
      '--role=reader',
      `--serviceaccount=${NAMESPACE}:reader`,
      ...HERE,
    ]);
    const reader = callAs(await stage.cluster.serviceAccountKubeconfig(NAMESPACE, 'reader'), printed);
    const { code, out } = await reader.run(statusCommand, 'long', 'short', ...HERE);
    assert.equal(code, 0);
    assert.match(out, /^cli-status\/short +True/m);
    assert.match(
      out,
      /^note: you are not allowed to list pods in namespace cli-status: which pods mount a token is not known$/m,
    );
    const nobody = callAs(await stage.cluster.serviceAccountKubeconfig(NAMESPACE, 'default'), printed);
    const refused = await nobody.run(statusCommand, ...HERE);
    assert.equal(refused.code, 3);
    assert.match(refused.err, /^error: you are not allowed to list jwts in namespace cli-status: ask/);
  });

  it('--watch shows changes until Ctrl-C', async () => {
    const args = [
      await findProgram(),
      'status',
      '--watch',
      ...HERE,
      '--kubeconfig',
      stage.cluster.adminKubeconfig,
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    try {
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
      const readUntil = async (pattern: RegExp): Promise<void> => {
        for (;;) {
          const { value, done } = await lines.next();
          assert.ok(done !== true, `it ended before ${pattern}`);
          printed.push(value);
          if (pattern.test(value)) return;
        }
      };
      await readUntil(/cli-status\/long: Ready \(Signed\)/);
      const { expiresAt } = (await objects.get('jwts', NAMESPACE, 'long')).status;
      const metadata = { annotations: { [RENEW]: 'now' } };
      await objects.patch('jwts', { namespace: NAMESPACE, name: 'long' }, { metadata });
      const { status } = await objects.waitFor(
        'jwts',
        NAMESPACE,
        'long',
        (jwt) => jwt.status.lastRenew === 'now',
      );
      assert.notEqual(status.expiresAt, expiresAt);
      await readUntil(
        new RegExp(`long: Ready .*expires ${status.expiresAt.replace('T', ' ').replace('Z', ' UTC')}`),
      );
      await stage.cluster.kubectl(['delete', 'pod', 'younger', '--force', ...HERE]);
      await readUntil(/short: Ready .*pods: 1 never refreshed, 1 (delivered|due by \d\d:\d\d UTC)$/);
      child.kill('SIGINT');
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('never printed a key or a token', () => {
    assert.doesNotMatch(printed.join(''), /PRIVATE KEY|eyJ/);
  });
});
