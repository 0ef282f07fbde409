import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdtempDisposable, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { EXIT } from '../src/commands/command.ts';
import { annotatedPod } from './admission/pods.ts';
import { make } from './certificates/made.ts';
import { startStoredApi } from './commands/stored-api.ts';
import { wireJwt } from './fixtures/jwts.ts';
import { answer } from './kube/bad-server.ts';
import { execute } from './runs/execute.ts';

/** Linux has a device that is always full. */
/** Declares a test for which a full disk is needed: only Linux has one at hand, `/dev/full`. */
function itWithFullDisk(title: string, test: () => Promise<void>): void {
  if (process.platform === 'linux') it(title, test);
}
const MAIN = join(import.meta.dirname, '../src/main.ts');

describe('the command line', () => {
  it('ends quietly when its reader stops reading', async () => {
    const child = spawn(process.execPath, [MAIN, 'explain', '-f', '-']);
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (complaints += piece));
    child.stdin.end(JSON.stringify(podList(1_000)));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    assert.deepEqual([code, complaints], [0, '']);
  });

  for (const [other, same] of [
    [['--version'], ['version']],
    [
      ['--version', '-o', 'json'],
      ['version', '-o', 'json'],
    ],
    [
      ['help', 'rotate'],
      ['rotate', '--help'],
    ],
    [
      ['help', 'migrate', 'check'],
      ['migrate', '--help'],
    ],
    [['help'], ['--help']],
    [['help', '--help'], ['-h']],
  ] as const) {
    it(`takes ${other.join(' ')} for ${same.join(' ')}`, async () => {
      const [one, two] = await Promise.all(
        [other, same].map((args) => execute(process.execPath, [MAIN, ...args])),
      );
      assert.deepEqual(one, two);
    });
  }

  it('names a command that it does not have, also after help', async () => {
    for (const args of [['sing'], ['help', 'sing']]) {
      await assert.rejects(execute(process.execPath, [MAIN, ...args]), {
        code: EXIT.usage,
        stderr: /^error: unknown command "sing"\n\njwt-injector keeps/,
      });
    }
  });

  it('shows no token that it is given for a command', async () => {
    const token = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`;
    await assert.rejects(execute(process.execPath, [MAIN, token]), {
      code: EXIT.usage,
      stderr: /^error: unknown command "\[redacted\]"\n\njwt-injector keeps/,
    });
  });

  describe('where its output cannot be written', () => {
    /** Ends as a script sees it that sends an output to a file. */
    const run = async (fd: 1 | 2, file: string, args: readonly string[], wrapper: readonly string[] = []) => {
      await using handle = await open(file, 'w');
      const stdio = ['ignore', fd === 1 ? handle.fd : 'pipe', fd === 2 ? handle.fd : 'pipe'] as const;
      const [program = '', ...rest] = [...wrapper, process.execPath, MAIN, ...args];
      const child = spawn(program, rest, { stdio: [...stdio] });
      const ended = once(child, 'close');
      const [complaints] = await Promise.all([child.stderr === null ? '' : text(child.stderr), ended]);
      return { code: child.exitCode, complaints };
    };
    const lost =
      /^error: cannot write standard output: (?:no space is left|the file is too large): .* look at what it did .*\n$/;
    /** A file takes this much, as on a disk that is nearly full: the beginning of the first write beyond is written. */
    const SMALL = ['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh'];

    itWithFullDisk('has exit code 3 and one line of error, on a full disk', async () => {
      for (const args of [['version'], ['--help'], ['completion', 'bash']]) {
        const { code, complaints } = await run(1, '/dev/full', args);
        assert.match(complaints, lost);
        assert.equal(code, EXIT.outside);
      }
    });

    it('has exit code 3 if a file takes its beginning only', async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-main-'));
      const pods = join(folder.path, 'pods.json');
      await writeFile(pods, JSON.stringify(podList(50)));
      const { code, complaints } = await run(1, join(folder.path, 'out'), ['inject', '-f', pods], SMALL);
      assert.match(complaints, lost);
      assert.equal(code, EXIT.outside);
    });

    itWithFullDisk('ends a command that watches', async () => {
      await using api = await startStoredApi();
      api.objects.set('/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt', wireJwt());
      const args = ['status', '--watch', '-n', 'science', '--kubeconfig', api.kubeconfig];
      const { code, complaints } = await run(1, '/dev/full', args);
      assert.match(complaints, lost);
      assert.equal(code, EXIT.outside);
    });

    itWithFullDisk('has its usual exit code if only its errors are lost', async () => {
      const { code } = await run(2, '/dev/full', ['run', '--workers=none']);
      assert.equal(code, EXIT.usage);
    });
  });

  describe('without a reader', () => {
    const run = (...args: readonly string[]) => {
      const child = spawn(process.execPath, [MAIN, ...args]);
      const ended = once(child, 'close'); // after its exit its last words can still be on their way
      return { child, ended };
    };

    it('has its usual exit code', async () => {
      const { child, ended } = run('inject', '-f', 'no-such-file.yaml');
      child.stderr.destroy();
      child.stdout.destroy();
      assert.deepEqual(await ended, [EXIT.outside, null]);
    });

    it('finishes its writes, and checks their results', async () => {
      await using api = await startStoredApi();
      const folder = await mkdtemp(join(tmpdir(), 'jwt-main-'));
      try {
        const { 'ca.crt': ca } = await make(Date.now());
        const file = join(folder, 'ca.crt');
        await writeFile(file, ca);
        const name = 'pods.tokens.osg-htc.org';
        const bundle = { [`k:{"name":"${name}"}`]: { 'f:clientConfig': { 'f:caBundle': {} } } };
        const manager = { manager: 'argocd', operation: 'Apply', fieldsV1: { 'f:webhooks': bundle } };
        const paths = ['mutating', 'validating'].map(
          (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/jwt-injector`,
        );
        for (const path of paths) {
          api.objects.set(path, {
            metadata: { resourceVersion: '1', managedFields: [manager] },
            webhooks: [{ name, clientConfig: {} }],
          });
        }
        // Nothing changes: as if somebody took each write back.
        api.interfere = ({ method, path }, response) => {
          if (method !== 'PATCH') return undefined;
          answer(response, 200, api.objects.get(path));
          return 'answered';
        };
        const { child, ended } = run('certs', 'trust', file, '--keep', '--kubeconfig', api.kubeconfig);
        child.stdout.destroy();
        let complaints = '';
        child.stderr.setEncoding('utf8').on('data', (piece: string) => (complaints += piece));
        const [code] = await ended;
        assert.match(complaints, /^error: caBundle of .* is applied by "argocd" again/);
        assert.equal(code, EXIT.refused);
        assert.deepEqual(
          api.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path),
          paths,
        );
      } finally {
        await rm(folder, { recursive: true });
      }
    });

    it('ends a command that watches', async () => {
      await using api = await startStoredApi();
      api.objects.set('/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt', wireJwt());
      const { child, ended } = run('status', '--watch', '-n', 'science', '--kubeconfig', api.kubeconfig);
      child.stdout.destroy();
      assert.deepEqual(await ended, [EXIT.done, null]);
    });
  });
});

function podList(length: number): object {
  const items = Array.from({ length }, (_, index) => {
    const pod = annotatedPod();
    const metadata = { ...Object(pod['metadata']), name: `pod-${index}` };
    return { ...pod, apiVersion: 'v1', kind: 'Pod', metadata };
  });
  return { apiVersion: 'v1', kind: 'List', items };
}
