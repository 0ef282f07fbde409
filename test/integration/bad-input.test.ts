import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../controlplane/choose-entry.ts';
import { startReaper, type Reaper } from '../controlplane/reaper.ts';
import { runToEnd } from '../controlplane/run-to-end.ts';
import { startService, type Service } from '../controlplane/service.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeRsaKey, toPem } from '../fixtures/keys.ts';
import { execute } from '../runs/execute.ts';
import { reviewText } from '../server/reviews.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Real processes, as a user starts them. */
describe('bad input on the command line', { concurrency: 2 }, () => {
  let folder: string;
  let taken: Server;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-bad-input-'));
    await Promise.all([makeCertificate(join(folder, 'one')), makeCertificate(join(folder, 'two'))]);
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
  });
  after(async () => {
    taken.close();
    await rm(folder, { recursive: true });
  });

  /** Asserts what is required of every refusal: only log lines on stdout, and no stack trace. */
  async function runFails(args: readonly string[]) {
    const nothing = { HOME: folder, KUBECONFIG: undefined, KUBERNETES_SERVICE_HOST: undefined };
    const outcome = await runToEnd([await findProgram(), ...args], nothing);
    assert.doesNotMatch(outcome.stderr, /^\s+at /m, 'no stack trace');
    return outcome;
  }

  const certificate = (cert = 'one', key = 'one'): string[] => [
    `--tls-cert-file=${join(folder, cert, 'tls.crt')}`,
    `--tls-key-file=${join(folder, key, 'tls.key')}`,
  ];
  const alone = ['--no-controller', '--no-namespace-default'];
  const addresses = (webhook: number, http: number): string[] => [
    `--webhook-address=127.0.0.1:${webhook}`,
    `--http-address=127.0.0.1:${http}`,
  ];
  const takenPort = (): number => (taken.address() as AddressInfo).port;

  const outside: Readonly<Record<string, readonly [() => readonly string[], () => RegExp]>> = {
    'a kubeconfig that is not there': [
      () => ['--no-webhook', '--kubeconfig=/nowhere/config'],
      () => /^error: cannot read kubeconfig \/nowhere\/config: there is no such file: check --kubeconfig\n$/,
    ],
    'no kubeconfig at all': [
      () => ['--no-webhook'],
      () => /^error: no cluster is known: set --kubeconfig or KUBECONFIG.*~\/\.kube\/config.*\n$/,
    ],
    'an occupied port of the webhook': [
      () => [...alone, ...addresses(takenPort(), 0), ...certificate()],
      () =>
        new RegExp(
          `^error: --webhook-address=127.0.0.1:${takenPort()} is in use .*: choose another port.*\n$`,
        ),
    ],
    'an occupied port of the probes': [
      () => [...alone, ...addresses(0, takenPort()), ...certificate()],
      () =>
        new RegExp(`^error: --http-address=127.0.0.1:${takenPort()} is in use .*: choose another port.*\n$`),
    ],
    'a certificate that is not there': [
      () => [...alone, ...addresses(0, 0), ...certificate('none', 'one')],
      () =>
        /^error: the webhook's certificate: cannot read \S+\/none\/tls\.crt: there is no such file.*make-dev-certs\.sh.*\n$/,
    ],
    'a key that is not there': [
      () => [...alone, ...addresses(0, 0), ...certificate('one', 'none')],
      () =>
        /^error: the webhook's certificate: cannot read \S+\/none\/tls\.key: there is no such file.*make-dev-certs\.sh.*\n$/,
    ],
    'a certificate and a key that do not belong together': [
      () => [...alone, ...addresses(0, 0), ...certificate('one', 'two')],
      () => /one\/tls\.crt and \S+two\/tls\.key: .* do not belong together .*; .*make-dev-certs\.sh.*\n$/,
    ],
  };
  for (const [what, [args, says]] of Object.entries(outside)) {
    it(`run ends with 3 and one line on ${what}`, async () => {
      const { code, stderr } = await runFails(['run', ...args()]);
      assert.match(stderr, says());
      assert.equal(stderr.split('\n').length, 2, stderr);
      assert.equal(code, 3);
    });
  }

  it('run ends with 2 and names every wrong flag at once', async () => {
    const { code, stdout, stderr } = await runFails(['run', '--no-webhook', '--colour=blue', '--workers=0']);
    assert.match(stderr, /^error: --colour is not a flag of run: see jwt-injector run --help$/m);
    assert.match(stderr, /^error: --workers must be a whole number from 1 to 1024, not "0"$/m);
    assert.deepEqual([code, stdout], [2, '']);
  });

  it('an unknown command ends with 2, and a list of the commands', async () => {
    const { code, stdout, stderr } = await runFails(['fly']);
    assert.match(stderr, /^error: unknown command "fly"[^]*Usage: jwt-injector COMMAND[^]*\n {2}sign /);
    assert.deepEqual([code, stdout], [2, '']);
  });

  it('sign ends with 3 on a missing file', async () => {
    const { code, stdout, stderr } = await runFails(['sign', '-f', '/nowhere/jwt.yaml']);
    assert.match(stderr, /^error: cannot read \/nowhere\/jwt\.yaml: there is no such file.*\n$/);
    assert.deepEqual([code, stdout], [3, '']);
  });

  const secret = { name: 'my-key', key: 'key.pem' };
  const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const refused: Readonly<Record<string, readonly [Record<string, unknown>, RegExp]>> = {
    'a key that is some text': [{ key: { value: 'hello' } }, /key.*no PEM block.*must contain "-----BEGIN/],
    'a key that does not parse': [
      { key: { value: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' } },
      /key.*the PRIVATE KEY block does not parse: is it complete/,
    ],
    'a public key': [
      { key: { value: publicKey.export({ format: 'pem', type: 'spki' }) } },
      /key.*found a PUBLIC KEY: a private key is needed/,
    ],
    'a key of another type than the algorithm': [
      { algorithm: 'RS256' },
      /key.*RS256 needs an RSA key of 2048 to 8192 bits, this is an EC key/,
    ],
    'a key that is too short': [
      { algorithm: 'RS256', key: { value: toPem(makeRsaKey(1024)) } },
      /key.*2048 to 8192 bits, this is an RSA key of 1024 bits/,
    ],
    'no key': [{ key: undefined }, /spec\.key is missing: set spec\.key\.secret \{name, key\}/],
    'a key in a Secret that is not in the file': [
      { key: { secret } },
      /Secret my-key, data key "key\.pem".*not in the file.*--key \(kubectl get secret my-key /,
    ],
    'a key in a ConfigMap': [
      { key: { configMap: secret } },
      /ConfigMap is never read: move the key into a Secret: kubectl create/,
    ],
    'two sources of a key': [
      { key: { value: 'x', secret } },
      /spec\.key must have exactly one source, it has value and secret/,
    ],
    'a lifetime of zero': [
      { expiryTime: { minutes: 0 } },
      /spec\.expiryTime must be longer than zero: set at least one of days, hours and minutes/,
    ],
  };
  for (const [what, [spec, says]] of Object.entries(refused)) {
    it(`sign ends with 1 on ${what}, and prints no token`, async () => {
      const file = join(folder, `${what.replaceAll(' ', '-')}.yaml`);
      await writeFile(file, JSON.stringify(wireJwt(spec)));
      const { code, stdout, stderr } = await runFails(['sign', '-f', file]);
      assert.ok(stderr.startsWith(`error: ${file}: JWT my-jwt: `), stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /AAAA|MII/, 'nothing of the key is quoted');
      assert.deepEqual([code, stdout], [1, '']);
    });
  }

  it('inject ends with 1 on an annotation with an invalid token', async () => {
    const file = join(folder, 'deployment.yaml');
    const example = await readFile(join(ROOT, 'deploy/examples/token-test.yaml'), 'utf8');
    await writeFile(file, example.replace('token: my-jwt', 'token: My_JWT'));
    const { code, stdout, stderr } = await runFails(['inject', '-f', file]);
    assert.match(stderr, /^error: \S+deployment\.yaml.*Deployment token-test.*"My_JWT".*"my-jwt"\n$/);
    assert.deepEqual([code, stdout], [1, '']);
  });
});

describe('bad input for the running service', () => {
  let reaper: Reaper;
  let service: Service;
  let ca: string;
  before(async () => {
    reaper = await startReaper();
    const folder = await mkdtemp(join(tmpdir(), 'jwt-bad-input-'));
    reaper.remove(folder);
    await makeCertificate(folder);
    ca = await readFile(join(folder, 'ca.crt'), 'utf8');
    const files = [`--tls-cert-file=${join(folder, 'tls.crt')}`, `--tls-key-file=${join(folder, 'tls.key')}`];
    const args = ['--no-controller', '--no-namespace-default', ...files];
    const adopt = (pid: number) => {
      reaper.watch(pid);
      return () => reaper.forget(pid);
    };
    service = await startService({ adopt }, { args });
  });
  after(() => reaper.finish());

  const post = async (body: string) => {
    const headers = { 'content-type': 'application/json' };
    const where = { host: '127.0.0.1', port: service.webhookPort, path: '/mutate/pods' };
    const asking = request({ ...where, method: 'POST', headers, agent: false, ca });
    asking.end(body);
    const [answer] = await once(asking, 'response');
    return { status: Number(answer.statusCode), body: await text(answer) };
  };

  const bodies = {
    nothing: '',
    'no JSON': '{"kind":',
    'JSON of another kind': '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"s3cret"}}',
    'a review without a request': reviewText({}, { request: undefined }),
    'a review of another version': reviewText({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
    'a review without a uid': reviewText({ uid: undefined }),
  };
  for (const [what, body] of Object.entries(bodies)) {
    it(`${what} instead of an AdmissionReview is answered with 400, and the process continues`, async () => {
      const answer = await post(body);
      assert.equal(answer.status, 400, answer.body);
      const { kind, message } = JSON.parse(answer.body) as Record<string, unknown>;
      assert.equal(kind, 'Status');
      assert.match(String(message), /AdmissionReview|JSON|request|uid/);
      assert.ok(!answer.body.includes('s3cret'), 'the body is not quoted');
      assert.equal((await post(reviewText())).status, 200);
      assert.equal((await fetch(`http://127.0.0.1:${service.httpPort}/livez`)).status, 200);
    });
  }
});

async function makeCertificate(folder: string): Promise<void> {
  const script = join(ROOT, 'certs/make-dev-certs.sh');
  await execute(script, ['--out', folder, '--ip', '127.0.0.1']);
}
