import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import { issueCertificate, type CertificateRequest } from '../../src/certificates/issue-certificate.ts';
import { findIssuer } from '../../src/certificates/ca-bundle.ts';
import { readCertificates } from '../../src/certificates/read-certificates.ts';
import { readTlsSecret, type TlsSecret, type TlsSecretData } from '../../src/certificates/tls-secret.ts';
import type { WebhookConfiguration } from '../../src/certificates/webhook-configuration.ts';
import { keepCertificate, type KeptCertificate } from '../../src/server/keep-certificate.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { configuration, DAY, make, NAMESPACE, wireSecret } from '../certificates/made.ts';
import { virtualClock, type VirtualClock } from '../time/virtual-clock.ts';

const PLACE = { namespace: NAMESPACE, name: 'tls' };
/** An API server knows of a changed configuration after so long. */
const API_SERVER_LAG_MS = 20_000;

/** One Secret and two configurations as the API server keeps them: a write must name the state that it replaces. */
class FakeCluster {
  data: Partial<TlsSecretData> | undefined;
  foreign = false;
  bundles = ['', ''];
  version = 1;
  refusal: Error | undefined;
  readonly #clock: VirtualClock;
  readonly #listeners = new Set<() => void>();
  /** What the slowest API server trusts: as the bundles were some time ago. */
  known = ['', ''];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  change(action: () => void): void {
    action();
    this.version += 1;
    const bundles = [...this.bundles];
    this.#clock.setTimer(API_SERVER_LAG_MS, () => (this.known = bundles));
    for (const notify of this.#listeners) notify();
  }

  store() {
    const request = async (over: string | undefined, action: () => void): Promise<boolean> => {
      await this.#clock.sleep(10);
      if (this.refusal !== undefined) throw this.refusal;
      if (over !== `${this.version}`) return false;
      this.change(action);
      return true;
    };
    return {
      secret: (): TlsSecret => {
        if (this.foreign) return { kind: 'foreign', why: 'has the type kubernetes.io/tls' };
        if (this.data === undefined) return { kind: 'absent' };
        return readTlsSecret(wireSecret(this.data, `${this.version}`), NAMESPACE);
      },
      configurations: (): readonly WebhookConfiguration[] =>
        this.bundles.map((bundle, index) =>
          configuration(bundle, {
            kind: index === 0 ? 'mutating' : 'validating',
            resourceVersion: `${this.version}`,
          }),
        ),
      problem: () => undefined,
      subscribe: (listener: () => void) => void this.#listeners.add(listener),
      writeSecret: (data: Partial<TlsSecretData>, over: string | undefined) =>
        request(this.data === undefined && over === undefined ? `${this.version}` : over, () => {
          this.data = { ...this.data, ...data };
        }),
      writeBundles: (
        { kind, resourceVersion }: WebhookConfiguration,
        [change]: readonly { caBundle: string }[],
      ) =>
        request(resourceVersion, () => {
          this.bundles[kind === 'mutating' ? 0 : 1] = change?.caBundle ?? '';
        }),
    };
  }
}

/** Keeps what it gave: the same texts are asked about at every step of the clock, and to read them takes a millisecond. */
function once<T>(ask: (...texts: readonly string[]) => T): (...texts: readonly string[]) => T {
  const known = new Map<string, T>();
  return (...texts) => {
    const key = texts.join('\0');
    const found = known.get(key) ?? ask(...texts);
    known.set(key, found);
    return found;
  };
}

const isTrusted = once((leaf = '', bundle = ''): boolean => {
  return findIssuer(new X509Certificate(leaf), readCertificates(bundle)) !== undefined;
});
const validityOf = once((leaf = '') => {
  const { validFromDate, validToDate } = new X509Certificate(leaf);
  return { from: validFromDate.getTime(), to: validToDate.getTime() };
});

interface Replica {
  readonly kept: KeptCertificate;
  inUse: string | undefined;
  /** Why TLS takes no pair. */
  refusal: string | undefined;
  readonly lines: string[];
}

describe('replicas that keep a certificate', () => {
  const running: KeptCertificate[] = [];
  let clock = virtualClock();
  let cluster = new FakeCluster(clock);
  /** Certificates that are being made, which takes real time. */
  const issuing = new Set<Promise<unknown>>();
  const issue = async (request: CertificateRequest): Promise<TlsSecretData> => {
    const made = issueCertificate(request);
    issuing.add(made);
    return made.finally(() => issuing.delete(made));
  };
  afterEach(async () => {
    const stopping = new Set(running.splice(0));
    const stopped = [...stopping].map((kept) => kept.stop().then(() => stopping.delete(kept)));
    // Each ends after the write that is under way.
    for (let second = 0; second < 60 && stopping.size > 0; second += 1) await pass(1_000, undefined, 1);
    await Promise.all(stopped);
    clock = virtualClock();
    cluster = new FakeCluster(clock);
  });

  function start(): Replica {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
    const replica: Replica = {
      inUse: undefined,
      refusal: undefined,
      lines,
      kept: keepCertificate({
        store: cluster.store(),
        issue,
        ...PLACE,
        serve: ({ cert }) => {
          if (replica.refusal === undefined) replica.inUse = cert;
          return replica.refusal;
        },
        onLook: () => {},
        explain: (error) => (error instanceof Error ? error.message : undefined),
        clock,
        log,
      }),
    };
    running.push(replica.kept);
    return replica;
  }

  /** The virtual time waits for what takes real time. */
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
  /** Whether each API server takes what each replica serves. */
  function assertTaken(replicas: readonly Replica[]): void {
    for (const { inUse } of replicas) {
      assert.ok(inUse !== undefined);
      for (const bundles of [cluster.known, cluster.bundles])
        for (const bundle of bundles) assert.ok(isTrusted(inUse, bundle), 'not trusted');
      const { from, to } = validityOf(inUse);
      assert.ok(clock.now() < to && clock.now() >= from, 'not valid');
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

  it('renew certificate and authority over more than a year, and no API server ever meets one that it does not trust', async () => {
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
    'the Secret is deleted and created again by somebody else': async () => {
      const data = await make(clock.now());
      cluster.change(() => (cluster.data = data));
    },
    'the Secret is put back from a backup of long ago': async () => {
      const data = await make(clock.now() - 500 * DAY);
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

  it('restore a bundle that somebody emptied, and get slower when it is emptied again and again', async () => {
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

  it('touch no Secret of somebody else, say so, and keep serving', async () => {
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

  it('try again what the API server refuses, log it once, and report it in the meantime', async () => {
    cluster.refusal = new Error('create secrets jwt-injector: 403 Forbidden');
    const replica = start();
    await pass(600_000);
    assert.equal(replica.kept.missing(), 'create secrets jwt-injector: 403 Forbidden');
    assert.equal(replica.lines.length, 1);
    cluster.refusal = undefined;
    await pass(60_000);
    assert.ok(isReady(replica));
  });

  it('are not ready as long as TLS takes no pair, whatever else changes, and say why', async () => {
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
