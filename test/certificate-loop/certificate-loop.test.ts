import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { issueCertificate, type CertificateRequest } from '../../src/certificates/issue-certificate.ts';
import { readCertificates } from '../../src/certificates/read-certificates.ts';
import type { TlsSecretData } from '../../src/certificates/tls-secret.ts';
import { logAge } from '../../src/server/certificate-age.ts';
import { CertificateLoop } from '../../src/certificate-loop/certificate-loop.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { DAY, HOUR, make, NAMESPACE } from '../certificates/made.ts';
import { StoredCertificate, isTrusted, validityOf } from './stored-certificate.ts';
import { makeDevCertificate } from '../server/dev-certificate.ts';
import { virtualClock } from '../time/virtual-clock.ts';

const PLACE = { namespace: NAMESPACE, name: 'tls' };
interface Replica {
  readonly kept: CertificateLoop;
  inUse: string | undefined;
  /** Why TLS refuses all pairs. */
  refusal: string | undefined;
  readonly lines: string[];
}

describe('replicas that keep a certificate', () => {
  const running: CertificateLoop[] = [];
  let clock = virtualClock();
  let cluster = new StoredCertificate(clock);
  /** Certificates that are just being made, which takes real time. */
  const issuing = new Set<Promise<unknown>>();
  const issue = async (request: CertificateRequest): Promise<TlsSecretData> => {
    const made = issueCertificate(request);
    issuing.add(made);
    return made.finally(() => issuing.delete(made));
  };
  afterEach(async () => {
    const stopping = new Set(running.splice(0));
    const stopped = [...stopping].map((kept) => kept.stop().then(() => stopping.delete(kept)));
    // Each ends after its present write.
    for (let second = 0; second < 60 && stopping.size > 0; second += 1) await pass(1_000, undefined, 1);
    await Promise.all(stopped);
    clock = virtualClock();
    cluster = new StoredCertificate(clock);
  });

  function start(): Replica {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const logOwnAge = logAge(log, 'see above');
    const tls: Pick<Replica, 'inUse' | 'refusal'> = { inUse: undefined, refusal: undefined };
    const kept = new CertificateLoop({
      store: cluster.store(),
      issue,
      ...PLACE,
      serve: ({ cert }) => {
        if (tls.refusal === undefined) tls.inUse = cert;
        return tls.refusal;
      },
      onLook: () =>
        tls.inUse === undefined ? Number.POSITIVE_INFINITY : logOwnAge(validityOf(tls.inUse), clock.now()),
      describeProblem: (error) => (error instanceof Error ? error.message : undefined),
      clock,
      log,
    });
    kept.start();
    running.push(kept);
    return Object.assign(tls, { kept, lines });
  }

  /** Virtual time waits for work that takes real time. */
  async function pass(ms: number, check: () => void = () => {}, steps = 60): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      await clock.advance(ms / steps);
      while (issuing.size > 0) {
        await Promise.all(issuing);
        await clock.settle();
      }
      check();
    }
  }

  const isReady = ({ kept }: Replica): boolean => kept.missing() === undefined;
  /** Asserts that each API server trusts the certificate of each replica. */
  function assertTaken(replicas: readonly Replica[]): void {
    for (const { inUse } of replicas) {
      assert.ok(inUse !== undefined);
      for (const bundles of [cluster.known, cluster.bundles])
        for (const bundle of bundles) assert.ok(isTrusted(inUse, bundle), 'not trusted');
      const { validFrom, expiresAt } = validityOf(inUse);
      assert.ok(clock.now() < expiresAt && clock.now() >= validFrom, 'not valid');
    }
  }
  async function startTwo(): Promise<readonly [Replica, Replica]> {
    const both = [start(), start()] as const;
    assert.match(both[0].kept.missing() ?? '', /not listed yet|being issued/);
    await pass(60_000);
    assert.ok(both.every(isReady), both[0].lines.join(''));
    return both;
  }

  it('that start together agree on one, and write each bundle once', async () => {
    const [one, other] = await startTwo();
    assert.equal(one.inUse, other.inUse);
    assert.equal(cluster.version, 4);
    assertTaken([one, other]);
    assert.equal(cluster.bundles[0], cluster.data?.['ca.crt']);
    const issued = [...one.lines, ...other.lines].filter((line) => line.includes('issued a certificate'));
    assert.equal(issued.length, 1);
  });

  it('renew certificate and CA for more than a year, and no API server ever gets one that it does not trust', async () => {
    const replicas = await startTwo();
    let leaves = 0;
    let authorities = 0;
    let { 'tls.crt': leaf, 'ca.key': key } = cluster.data ?? {};
    for (let month = 0; month < 14; month += 1) {
      await pass(
        30 * DAY,
        () => {
          assertTaken(replicas);
          if (cluster.data?.['tls.crt'] !== leaf) leaves += 1;
          if (cluster.data?.['ca.key'] !== key) authorities += 1;
          ({ 'tls.crt': leaf, 'ca.key': key } = cluster.data ?? {});
        },
        30,
      );
    }
    assert.ok(leaves >= 26 && leaves <= 30, `${leaves} certificates`);
    assert.equal(authorities, 2);
    assert.equal(readCertificates(cluster.bundles[0] ?? '').length, 1);
  });

  const changes: Readonly<Record<string, () => Promise<void> | void>> = {
    'the Secret is deleted': () => cluster.change(() => (cluster.data = undefined)),
    'the Secret is deleted and created again by another user': async () => {
      const data = await make(clock.now());
      cluster.change(() => (cluster.data = data));
    },
    'the Secret is put back from a backup of long ago': async () => {
      const data = await make(clock.now() - 500 * DAY);
      cluster.change(() => (cluster.data = data));
    },
    'the Secret is put back from a backup of ten days ago': async () => {
      const data = await make(clock.now() - 10 * DAY);
      cluster.change(() => (cluster.data = data));
    },
    'the Secret is put back from a backup whose CA is newer, and a day old': async () => {
      await pass(10 * DAY);
      const data = await make(clock.now() - DAY);
      cluster.change(() => (cluster.data = data));
    },
    'the certificate is taken out': () =>
      cluster.change(() => (cluster.data = { ...cluster.data, 'tls.crt': '' })),
    'the key of the authority is taken out': () =>
      cluster.change(() => (cluster.data = { ...cluster.data, 'ca.key': '' })),
    'everything is taken out': () => cluster.change(() => (cluster.data = {})),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`keep serving when ${what}, with a certificate that is trusted all the time`, async () => {
      const replicas = await startTwo();
      const before = replicas[0].inUse;
      await change();
      await pass(120_000, () => assertTaken(replicas));
      assert.notEqual(replicas[0].inUse, before);
      assert.equal(replicas[0].inUse, replicas[1].inUse);
    });
  }

  it('drop the earlier CA a day after its Secret was replaced, also by an older one', async () => {
    await startTwo();
    const data = await make(clock.now() - 10 * DAY);
    cluster.change(() => (cluster.data = data));
    await pass(23 * HOUR);
    assert.equal(readCertificates(cluster.bundles[0] ?? '').length, 2);
    await pass(2 * HOUR);
    assert.equal(cluster.bundles[0], data['ca.crt']);
  });

  it('drop the CA that an earlier process left, but only when no other replica can serve with it', async () => {
    const [data, left] = [await make(clock.now() - 10 * DAY), await make(clock.now() - 200 * DAY)];
    cluster.change(() => {
      cluster.data = data;
      cluster.bundles = Array(2).fill(`${data['ca.crt']}${left['ca.crt']}`);
    });
    start();
    await pass(29_000);
    assert.equal(readCertificates(cluster.bundles[0] ?? '').length, 2);
    await pass(31_000);
    assert.equal(cluster.bundles[0], data['ca.crt']);
  });

  it('are ready at once in a first installation, as API servers trusted no CA before', async () => {
    const replica = start();
    await pass(1_000);
    assert.ok(isReady(replica), replica.kept.missing());
    const second = start();
    await pass(1_000);
    assert.ok(isReady(second), second.kept.missing());
  });

  /** A replica that becomes ready beside others gets reviews of all API servers. */
  async function assertReadyWhenTaken(replica: Replica): Promise<void> {
    await pass(60_000, () => {
      if (isReady(replica)) assertTaken([replica]);
    });
    assert.ok(isReady(replica), replica.kept.missing());
  }

  it('that start while a CA is new are ready only when all API servers know it', async () => {
    await startTwo();
    cluster.change(() => (cluster.data = {}));
    await pass(5_000);
    const late = start();
    await pass(1_000);
    assert.match(late.kept.missing() ?? '', /its CA is new in caBundle/);
    await assertReadyWhenTaken(late);
  });

  it('that start beside pods with a foreign certificate are ready only when all API servers know their own', async () => {
    const others = await makeDevCertificate();
    cluster.change(() => (cluster.bundles = [others.cert, others.cert]));
    await pass(60_000);
    const first = start();
    await assertReadyWhenTaken(first);
  });

  it('restore a bundle that another client emptied, and get slower if it is emptied again and again', async () => {
    await startTwo();
    let written = 0;
    for (let minute = 0; minute < 30; minute += 1) {
      await pass(60_000, () => {
        if (cluster.bundles[0] === '') return;
        written += 1;
        cluster.change(() => (cluster.bundles[0] = ''));
      });
    }
    assert.ok(written >= 10 && written < 40, `${written} times`);
  });

  it('change no foreign Secret, report it, and keep serving', async () => {
    const [one, other] = await startTwo();
    const { version } = cluster;
    cluster.change(() => (cluster.foreign = true));
    await pass(DAY);
    assert.equal(cluster.version, version + 1);
    assertTaken([one, other]);
    const late = start();
    await pass(60_000);
    assert.equal(late.kept.missing(), 'Secret jwt-injector/tls: it has the type kubernetes.io/tls');
    assert.equal(late.lines.filter((line) => line.includes('cannot be kept')).length, 1);
    cluster.change(() => (cluster.foreign = false));
    await pass(60_000);
    assert.ok(isReady(late));
  });

  it('log within a minute, and then every hour, that a certificate expires that they cannot renew', async () => {
    const [one] = await startTwo();
    cluster.change(() => (cluster.foreign = true));
    const count = (text: string): number => one.lines.filter((line) => line.includes(text)).length;
    await pass(20 * DAY + 60_000);
    assert.equal(count('last third of its life'), 1);
    await pass(10 * DAY);
    assert.equal(count('has expired'), 1);
    await pass(HOUR);
    assert.equal(count('has expired'), 2);
  });

  it('repeat writes that the API server refuses, log it once, and report it until one succeeds', async () => {
    cluster.refusal = new Error('create secrets jwt-injector: 403 Forbidden');
    const replica = start();
    await pass(600_000);
    assert.equal(replica.kept.missing(), 'create secrets jwt-injector: 403 Forbidden');
    assert.equal(replica.lines.length, 1);
    cluster.refusal = undefined;
    await pass(60_000);
    assert.ok(isReady(replica));
  });

  it('are not ready as long as TLS accepts no pair, and report why', async () => {
    const replica = start();
    replica.refusal = 'TLS does not take this pair: ee key too small';
    await pass(60_000);
    cluster.change(() => {});
    await pass(60_000);
    assert.equal(replica.kept.missing(), replica.refusal);
    replica.refusal = undefined;
    cluster.change(() => (cluster.data = { ...cluster.data, 'tls.crt': '' }));
    await pass(60_000);
    assert.ok(isReady(replica));
  });
});
