import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { findIssuer, isAmong } from '../../src/certificates/ca-bundle.ts';
import { readCertificate, readCertificates } from '../../src/certificates/read-certificates.ts';
import { startCreations, type Creations } from '../certificate-changes/creations.ts';
import { openScene, waitForBundles, type Scene } from '../certificate-changes/scene.ts';
import { replaceServed } from '../certificate-changes/served.ts';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Service } from '../controlplane/service.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { readInstructions } from '../deploy/documented.ts';
import { runShell } from './cli-run.ts';

const WITHIN_MS = 90_000;
/** About ten creations a second, while each change takes seconds. `npm run certificates` makes many more. */
const PAUSE_MS = 400;
/** Number of creations after a change. */
const MORE = 25;

describe('a self-issued certificate on a real control plane', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let cluster: Cluster;
  let scene: Scene;
  let creations: Creations;
  let replicas: readonly Service[];
  before(async () => {
    stage = await borrowStage({ withoutService: true });
    ({ cluster } = stage);
    scene = await openScene(cluster);
    await cluster.createNamespace('certificates');
    replicas = await Promise.all([scene.startReplica(), scene.startReplica()]);
    creations = startCreations(cluster, 'certificates', { pauseMs: PAUSE_MS, dryRun: true });
  });
  after(async () => {
    await creations?.stop();
    await scene?.[Symbol.asyncDispose]();
    await stage?.stop();
  });

  /** Makes the change, waits until both replicas serve another certificate, and for some more creations. */
  async function whenServed(change: () => Promise<void>): Promise<void> {
    await replaceServed(replicas, change, WITHIN_MS);
    const created = creations.count();
    await waitUntil('more creations', WITHIN_MS, () => creations.count() >= created + MORE);
    assert.deepEqual(creations.failures, []);
  }
  /** The documented commands for an administrator, in this order. */
  const [newCertificate = '', newAuthority = ''] = readInstructions(
    'docs/certificates.md',
    '## Self-issued',
  ).commands;
  const follow = async (command: string): Promise<void> => {
    await runShell(cluster, [command]);
  };
  async function assertTrusted(): Promise<void> {
    const { pair } = await scene.readOwnSecret();
    const leaf = readCertificate(pair?.cert ?? '');
    assert.ok(leaf !== undefined);
    for (const bundle of await scene.readBundles())
      assert.ok(findIssuer(leaf, readCertificates(bundle)) !== undefined);
  }

  it('is agreed on by two replicas that start together, in one Secret and in all bundles', async () => {
    await whenServed(() => follow(newCertificate));
    await assertTrusted();
    const issued = replicas.map(
      (replica) =>
        replica.logLines().filter(({ msg }) => msg === 'issued a certificate for the webhook').length,
    );
    assert.equal(
      issued.reduce((sum, count) => sum + count, 0),
      2,
      'one at the start, one now',
    );
    const { authorities } = await scene.readOwnSecret();
    assert.equal(authorities.length, 1);
  });

  it('is renewed with a new CA, which is first trusted beside the old one', async () => {
    await whenServed(() => follow(newAuthority));
    await assertTrusted();
    assert.equal((await scene.readOwnSecret()).authorities.length, 2);
    for (const bundle of await scene.readBundles()) assert.equal(readCertificates(bundle).length, 2);
  });

  it('is reported by /readyz and by its metric', async () => {
    const { pair } = await scene.readOwnSecret();
    for (const { httpPort } of replicas) {
      const ready = await (await fetch(`http://127.0.0.1:${httpPort}/readyz`)).text();
      assert.match(ready, /^\[\+\] certificate$/m);
      const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
      const expiry = /^jwt_injector_certificate_expiration_timestamp_seconds (\S+)$/m.exec(metrics)?.[1];
      assert.equal(Number(expiry) * 1_000, pair?.leaf.validToDate.getTime());
    }
  });

  it('is served until the last request by a replica that gets SIGTERM', async () => {
    const [first] = replicas;
    assert.ok(first !== undefined);
    assert.equal(await scene.stopReplica(first), 0);
    const created = creations.count();
    await waitUntil('more creations', WITHIN_MS, () => creations.count() >= created + MORE);
    assert.deepEqual(creations.failures, []);
  });

  it('is restored in a bundle that a user emptied; a foreign CA in it stays', async () => {
    await creations.stop();
    const { certificate } = await createCertificateAuthority('an admin');
    await scene.changeBundles(() => certificate);
    const others = readCertificates(certificate);
    await waitForBundles(scene, 'ours and theirs', (bundle) => {
      const found = readCertificates(bundle);
      return found.length === 3 && others.every((other) => isAmong(other, found));
    });
    await assertTrusted();
  });

  it('does not overwrite a foreign Secret, which is reported in one message and by /readyz', async () => {
    await scene.stopReplicas();
    await scene.deleteSecret();
    const foreign = { 'tls.crt': 'certificate', 'tls.key': 'key' };
    await scene.createForeignSecret(foreign);
    const replica = await scene.startUnready();
    const line = await replica.waitForLog(({ msg }) => msg === 'the webhook’s certificate cannot be kept');
    assert.equal(line['problem'], 'it has the type kubernetes.io/tls');
    const answer = await fetch(`http://127.0.0.1:${replica.httpPort}/readyz`);
    assert.equal(answer.status, 503);
    assert.match(
      await answer.text(),
      /^\[-\] certificate: Secret jwt-injector\/jwt-injector-tls: it has the type kubernetes\.io\/tls$/m,
    );
    const secret = await scene.readSecret();
    assert.equal(secret?.['type'], 'kubernetes.io/tls');
  });
});
