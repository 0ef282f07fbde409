import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keygenCommand } from '../../src/commands/keygen.ts';
import { readEditable } from '../../src/commands/yaml/editable-document.ts';
import { at } from '../admission/pods.ts';
import type { Loose } from '../integration/objects.ts';
import { refuse } from '../kube/bad-server.ts';
import { runCommand } from './captured-io.ts';
import { startStoredApi, type StoredApi } from './stored-api.ts';

const ISSUER = ['--issuer', 'https://issuer.example.com'] as const;

describe('keygen --to-cluster', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-keygen-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('names in the JWT the namespace in which the Secret was created', async () => {
    await using api = await startStoredApi();
    const dir = join(folder, 'in-cluster');
    const { code, err } = await api.run(keygenCommand, 'x', ...ISSUER, '--to-cluster', '--dir', dir);
    assert.deepEqual([code, err], [0, '']);
    assert.ok(api.objects.has('/api/v1/namespaces/default/secrets/x-key'));
    const read = readEditable(await readFile(join(dir, 'x-jwt.yaml'), 'utf8'));
    assert.ok(read.ok);
    const jwt = read.value[0]?.value;
    assert.equal(at(jwt, 'metadata', 'namespace'), 'default');
    assert.equal(at(jwt, 'spec', 'key', 'secret', 'namespace'), 'default');
  });

  const REFUSALS: readonly (readonly [code: number, status: object, says: RegExp])[] = [
    [
      404,
      { message: 'namespaces "typo" not found', details: { name: 'typo', kind: 'namespaces' } },
      /^error: there is no namespace typo: correct -n/,
    ],
    [
      403,
      { message: 'secrets "x-key" is forbidden: exceeded quota: few, requested: count/secrets=1, used: …' },
      /^error: ResourceQuota few, which is used up, does not allow you to create secrets .*describe quota few -n typo/,
    ],
    [
      400,
      { message: 'admission webhook "a.example.com" denied the request: no' },
      /^error: admission webhook a\.example\.com does not allow you to create secrets in namespace typo/,
    ],
    [
      403,
      { details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] } },
      /^error: namespace typo is being deleted/,
    ],
    [
      403,
      { message: 'secrets is forbidden: User "a" cannot create resource "secrets" in API group "" in …' },
      /^error: you are not allowed to create secrets in namespace typo: ask an administrator of typo/,
    ],
  ];
  for (const [status, body, says] of REFUSALS) {
    it(`reports why the Secret could not be created, and leaves no file: ${JSON.stringify(body).slice(0, 60)}`, async () => {
      await using api = await startStoredApi();
      const reason = status === 404 ? 'NotFound' : 'Forbidden';
      api.interfere = ({ method }, response) => {
        if (method !== 'POST') return undefined;
        refuse(response, status, reason, body);
        return 'answered';
      };
      const dir = await mkdtemp(join(folder, 'refused-'));
      const { code, out, err } = await api.run(
        keygenCommand,
        'x',
        ...ISSUER,
        '--to-cluster',
        '-n',
        'typo',
        '--dir',
        dir,
      );
      assert.deepEqual([code, out, await readdir(dir)], [3, '', []]);
      assert.match(err, says);
    });
  }

  describe('whose answer is lost', () => {
    /** `see` gives what is found afterwards instead of the Secret that was sent. */
    async function lose(see: (api: StoredApi, sent: Loose) => void) {
      await using api = await startStoredApi();
      api.interfere = ({ method, body }, response) => {
        if (method !== 'POST') return undefined;
        see(api, JSON.parse(body));
        response.destroy();
        return 'answered';
      };
      const dir = await mkdtemp(join(folder, 'lost-'));
      const ended = await api.run(
        keygenCommand,
        'x',
        ...ISSUER,
        '--to-cluster',
        '-n',
        'science',
        '--dir',
        dir,
      );
      return { ...ended, files: await readdir(dir) };
    }
    const SECRET = '/api/v1/namespaces/science/secrets/x-key';
    const stored = (pem: string): object => ({ data: { 'key.pem': Buffer.from(pem).toString('base64') } });
    const FILES = ['x-jwk.json', 'x-jwt.yaml'];

    it('succeeds if the Secret exists with this key', async () => {
      const { code, err, files } = await lose((api, sent) =>
        api.objects.set(SECRET, stored(sent.stringData['key.pem'])),
      );
      assert.deepEqual([code, err, files], [0, '', FILES]);
    });

    it('leaves no file if the Secret does not exist, or has another key', async () => {
      const absent = await lose(() => {});
      assert.deepEqual([absent.code, absent.files], [3, []]);
      const other = await lose((api) => api.objects.set(SECRET, stored('other')));
      assert.deepEqual([other.code, other.files], [1, []]);
      assert.match(other.err, /x-key exists and is not overwritten/);
    });

    it('keeps the files, with the only copy of the public key, if that is not known', async () => {
      const { code, err, files } = await lose((api) => {
        api.interfere = (_request, response) => {
          refuse(response, 403, 'Forbidden');
          return 'answered';
        };
      });
      assert.deepEqual([code, files], [3, FILES]);
      assert.match(
        err,
        /whether Secret science\/x-key was created is not known \(kubectl get secret x-key -n science\)/,
      );
    });
  });

  it('leaves no file without a cluster', async () => {
    const dir = join(folder, 'no-cluster');
    const args = ['x', ...ISSUER, '--to-cluster', '--kubeconfig', '/nowhere/config', '--dir', dir];
    const { code, err } = await runCommand(keygenCommand, args);
    assert.equal(code, 3);
    assert.match(err, /cannot read kubeconfig \/nowhere\/config/);
    await assert.rejects(stat(dir));
  });
});
