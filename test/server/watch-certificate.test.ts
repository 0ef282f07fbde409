import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  checkCertificate,
  readCertificateFiles,
  type CertificatePair,
  type ServingCertificate,
} from '../../src/server/tls.ts';
import { CERTIFICATE_POLL_MS, watchCertificate } from '../../src/server/watch-certificate.ts';
import { formatTime } from '../../src/time/format-time.ts';
import { HOUR_MS, toSeconds } from '../../src/time/units.ts';
import { makeLink } from '../certificates/made-chain.ts';
import { pairOfCurve } from '../certificates/openssl-pair.ts';
import { makeDevCertificate, RSA_1024, type DevCertificate } from './dev-certificate.ts';
import { servingCertificate } from './started-webhook.ts';

let folder: string;
let first: DevCertificate;
let second: DevCertificate;
let small: DevCertificate;
let foreign: CertificatePair;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
  [first, second, small, foreign] = await Promise.all([
    makeDevCertificate(),
    makeDevCertificate(),
    makeDevCertificate(3_600_000, RSA_1024),
    pairOfCurve('secp256k1'),
  ]);
});

/** A chain with a valid leaf, whose second block is incomplete. */
function brokenChain(): { cert: string; key: string } {
  return { cert: `${first.cert}\n${second.cert.replace(/.{64}\n/, 'broken\n')}`, key: first.key };
}
after(() => rm(folder, { recursive: true }));

function filesOf(name: string): { certFile: string; keyFile: string } {
  return { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
}

describe('a certificate', () => {
  it('with its key is taken, and its expiry known in milliseconds', () => {
    const checked = checkCertificate(first);
    assert.ok(checked.ok);
    assert.equal(checked.value.expiresAt, Math.floor(first.expiresAt / 1000) * 1000);
  });

  it('with intermediates after it is taken', () => {
    assert.ok(checkCertificate({ cert: first.cert + '\n' + second.cert, key: first.key }).ok);
  });

  it('whose intermediate expires before it is valid as long as that', async () => {
    const now = Date.now();
    const authority = await makeLink('ca', { from: now, until: now + 9 * HOUR_MS });
    const between = await makeLink('between', { by: authority, from: now, until: now + HOUR_MS });
    const leaf = await makeLink('leaf', { by: between, from: now, until: now + 2 * HOUR_MS });
    const pair = { cert: `${leaf.pem}${between.pem}${authority.pem}`, key: leaf.key };
    const checked = checkCertificate(pair);
    assert.ok(checked.ok);
    assert.equal(checked.value.expiresAt, between.certificate.validToDate.getTime());
    assert.equal(checked.value.firstToExpire, 'CN=between');
    const expired = formatTime(toSeconds(checked.value.expiresAt));
    const { calls } = await watchThrough('between', [(write) => write(pair)], {
      validity: { expiresAt: now + 2 * HOUR_MS },
      now: () => now + HOUR_MS,
    });
    assert.deepEqual(calls, [`/between.crt: its intermediate CN=between expired at ${expired}`]);
  });

  const bad: readonly [string, () => { cert: string; key: string }, RegExp][] = [
    ['that is not valid', () => ({ cert: 'x', key: first.key }), /not a valid PEM certificate/],
    [
      'with a key that is not valid',
      () => ({ cert: first.cert, key: first.cert }),
      /not a valid PEM private key/,
    ],
    ['with the key of another', () => ({ cert: first.cert, key: second.key }), /do not belong together/],
    ['that is empty', () => ({ cert: '', key: '' }), /not a valid PEM certificate/],
    [
      'whose chain is in the wrong order',
      () => ({ cert: `${second.cert}\n${first.cert}`, key: first.key }),
      /do not belong together.*server’s own certificate comes first/,
    ],
    ['with a broken block after it', brokenChain, /^TLS does not take this pair: /],
    [
      'of a key that OpenSSL alone takes',
      () => foreign,
      /^clients refuse the certificate: its key is of the curve secp256k1/,
    ],
    ['of a key that TLS finds too small', () => small, /^TLS does not take this pair: ee key too small/],
  ];
  for (const [title, pair, message] of bad) {
    it(`${title} is a problem that quotes no key`, () => {
      const checked = checkCertificate(pair());
      assert.ok(!checked.ok);
      assert.match(checked.problem, message);
      assert.doesNotMatch(checked.problem, /BEGIN|MI/);
    });
  }

  it('whose file is missing is a problem that names the file', async () => {
    const read = await readCertificateFiles(filesOf('nowhere'));
    assert.deepEqual(read, {
      ok: false,
      problem: `cannot read ${filesOf('nowhere').certFile}: there is no such file`,
    });
  });
});

/** What a watch reports and uses. */
interface Watched {
  readonly calls: readonly string[];
  readonly inUse: readonly string[];
}

/**
 * Watches files that first hold `first`; before each read one step is done, and the last step ends the watch.
 */
async function watchThrough(
  name: string,
  steps: readonly ((write: (pair: CertificatePair) => Promise<unknown>) => unknown)[],
  {
    validity,
    now = Date.now,
  }: { readonly validity?: Partial<ServingCertificate>; readonly now?: () => number } = {},
): Promise<Watched> {
  const files = filesOf(name);
  const write = ({ cert, key }: CertificatePair) =>
    Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  const titleOf = ({ cert }: CertificatePair): string => (cert === second.cert ? 'second' : 'first');
  const calls: string[] = [];
  const inUse: string[] = [];
  const stopping = new AbortController();
  const left = [...steps, () => stopping.abort()];
  await write(first);
  await watchCertificate({
    files,
    current: { ...servingCertificate(first), ...validity },
    signal: stopping.signal,
    clock: {
      now,
      sleep: async (time) => {
        assert.equal(time, CERTIFICATE_POLL_MS);
        await left.shift()?.(write);
        return !stopping.signal.aborted;
      },
    },
    onLook: (pair) => inUse.push(titleOf(pair)),
    onChange: (pair) => calls.push(titleOf(pair)),
    onProblem: (problem) => calls.push(problem.replaceAll(folder, '')),
  });
  return { calls, inUse };
}

describe('the files of a certificate are polled:', () => {
  it('a new pair is used once it is whole, and a half-written one is reported once', async () => {
    const { calls, inUse } = await watchThrough('whole', [
      (write) => write(first),
      (write) => write({ cert: second.cert, key: first.key }),
      () => undefined,
      (write) => write(brokenChain()),
      (write) => write(small),
      (write) => write(foreign),
      (write) => write(second),
      () => undefined,
      () => rm(filesOf('whole').keyFile),
    ]);
    assert.deepEqual(calls, [
      '/whole.crt and /whole.key: key and certificate do not belong together (the server’s own certificate comes first)',
      '/whole.crt and /whole.key: TLS does not take this pair: bad base64 decode',
      '/whole.crt and /whole.key: TLS does not take this pair: ee key too small',
      '/whole.crt and /whole.key: clients refuse the certificate: its key is of the curve secp256k1, which the API server does not take: ' +
        'use P-256, P-384, P-521, RSA or Ed25519',
      'second',
      'cannot read /whole.key: there is no such file',
    ]);
    assert.deepEqual(inUse, [...Array.from({ length: 7 }, () => 'first'), 'second', 'second', 'second']);
  });

  it('one that has expired is reported once, and used only when the old one has expired, too', async () => {
    const { validFrom, expiresAt } = servingCertificate(second);
    const validity = { validFrom, expiresAt: expiresAt + HOUR_MS };
    let now = expiresAt;
    const { calls, inUse } = await watchThrough(
      'expired',
      [(write) => write(second), () => (now = validity.expiresAt - 1), () => (now = validity.expiresAt)],
      { validity, now: () => now },
    );
    assert.deepEqual(calls, [`/expired.crt: expired at ${formatTime(toSeconds(expiresAt))}`, 'second']);
    assert.deepEqual(inUse, ['first', 'first', 'first', 'second']);
  });

  it('one that has expired does not replace one that will be valid, and that one replaces it', async () => {
    const { validFrom, expiresAt } = servingCertificate(second);
    const callsAt = async (now: number, validity: Partial<ServingCertificate>) => {
      const options = { validity, now: () => now };
      return (await watchThrough('backup', [(write) => write(second)], options)).calls;
    };
    const early = { validFrom: expiresAt + HOUR_MS, expiresAt: expiresAt + 2 * HOUR_MS };
    const expired = { validFrom: validFrom - 3 * HOUR_MS, expiresAt: validFrom - 2 * HOUR_MS };
    assert.deepEqual(await callsAt(expiresAt, early), [
      `/backup.crt: expired at ${formatTime(toSeconds(expiresAt))}`,
    ]);
    for (const present of [early, expired])
      assert.deepEqual(await callsAt(validFrom - HOUR_MS, present), ['second']);
  });

  it('one that is not valid yet is reported once, and used as soon as it is', async () => {
    const { validFrom, expiresAt } = servingCertificate(second);
    let now = validFrom - HOUR_MS;
    const { calls, inUse } = await watchThrough(
      'early',
      [(write) => write(second), () => (now = validFrom - 1), () => (now = validFrom)],
      { validity: { validFrom: now, expiresAt }, now: () => now },
    );
    assert.deepEqual(calls, [
      `/early.crt: not valid before ${formatTime(toSeconds(validFrom))}: compare the clocks`,
      'second',
    ]);
    assert.deepEqual(inUse, ['first', 'first', 'first', 'second']);
  });
});
