import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkCertificate, readCertificateFiles } from '../../src/server/tls.ts';
import { CERTIFICATE_POLL_MS, watchCertificate } from '../../src/server/watch-certificate.ts';
import { makeDevCertificate, RSA_1024, type DevCertificate } from './dev-certificate.ts';

let folder: string;
let first: DevCertificate;
let second: DevCertificate;
let small: DevCertificate;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jwt-injector-'));
  [first, second, small] = await Promise.all([
    makeDevCertificate(),
    makeDevCertificate(),
    makeDevCertificate(3_600_000, RSA_1024),
  ]);
});

/** A chain whose leaf is good, and whose second block was cut on its way. */
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

describe('the files of a certificate are polled:', () => {
  it('a new pair is used once it is whole, and a half-written one is reported once', async () => {
    const files = filesOf('tls');
    const write = (cert: string, key: string) =>
      Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
    const calls: string[] = [];
    const inUse: string[] = [];
    // What is done between two looks; the last one ends the watch.
    const stopping = new AbortController();
    const steps: (() => unknown)[] = [
      () => write(first.cert, first.key),
      () => write(second.cert, first.key),
      () => undefined,
      () => write(brokenChain().cert, brokenChain().key),
      () => write(small.cert, small.key),
      () => write(second.cert, second.key),
      () => undefined,
      () => rm(files.keyFile),
      () => stopping.abort(),
    ];
    const checked = checkCertificate(first);
    assert.ok(checked.ok);
    await watchCertificate({
      files,
      current: checked.value,
      signal: stopping.signal,
      clock: {
        sleep: async (time) => {
          assert.equal(time, CERTIFICATE_POLL_MS);
          await steps.shift()?.();
          return !stopping.signal.aborted;
        },
      },
      onLook: ({ cert }) => inUse.push(cert === second.cert ? 'second' : 'first'),
      onChange: ({ cert }) => calls.push(cert === second.cert ? 'second' : 'first'),
      onProblem: (problem) => calls.push(problem.replaceAll(folder, '')),
    });
    assert.deepEqual(calls, [
      '/tls.crt and /tls.key: key and certificate do not belong together (the server’s own certificate comes first)',
      '/tls.crt and /tls.key: TLS does not take this pair: bad base64 decode',
      '/tls.crt and /tls.key: TLS does not take this pair: ee key too small',
      'second',
      'cannot read /tls.key: there is no such file',
    ]);
    assert.deepEqual(inUse, [...Array.from({ length: 6 }, () => 'first'), 'second', 'second', 'second']);
  });
});
