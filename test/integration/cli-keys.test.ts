import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compactVerify, importJWK } from 'jose';
import { jwksCommand } from '../../src/commands/jwks.ts';
import { runCommand } from '../commands/captured-io.ts';
import { keygenCommand } from '../../src/commands/keygen.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { callWithRights, type Rights } from './call-with-rights.ts';
import { callAs, runShell, type Caller } from './cli-run.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { openObjects, secretText, type Loose, type Objects } from './objects.ts';

const NAMESPACE = 'cli-keys';
const HERE = ['-n', NAMESPACE] as const;
const ISSUER = ['--issuer', 'https://issuer.example.com'] as const;

/** The rights that the help of `keygen` names. */
const MAKER: Rights = { here: [{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }] };

/** From a new key to a published one: the commands that make and publish keys, while the service runs. */
describe('keys by command on a real control plane', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let admin: Caller;
  let maker: Caller;
  let folder: string;
  const printed: string[] = [];
  before(async () => {
    stage = await borrowStage();
    objects = openObjects(stage.cluster);
    await stage.cluster.createNamespace(NAMESPACE);
    admin = callAs(stage.cluster.adminKubeconfig, printed);
    maker = await callWithRights(stage.cluster, `${NAMESPACE}/maker`, MAKER, printed);
    folder = await mkdtemp(join(tmpdir(), 'jwt-cli-keys-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await stage.stop();
  });

  describe('keygen', () => {
    it('prints commands that overwrite no key, if another one is made for the same JWT', async () => {
      const create = async (dir: string): Promise<string> => {
        const args = ['twice', ...ISSUER, ...HERE, '--dir', join(folder, dir)];
        const { code, out } = await runCommand(keygenCommand, args);
        assert.equal(code, 0);
        const commands = out.split('\n').filter((line) => line.startsWith('  kubectl '));
        assert.equal(commands.length, 1);
        return runShell(stage.cluster, commands);
      };
      const read = async () => {
        const secret = await objects.get('secrets', NAMESPACE, 'twice-key');
        const { spec } = await objects.get('jwts', NAMESPACE, 'twice');
        return { data: secret.data, spec };
      };
      await create('one');
      const first = await read();
      await assert.rejects(create('two'), /"twice-key" already exists/);
      assert.deepEqual(await read(), first);
      // Without the JWT the old key stays unused: it would sign under the name of the new one.
      await stage.cluster.kubectl(['delete', 'jwt', 'twice', ...HERE]);
      await assert.rejects(create('three'), /"twice-key" already exists/);
      assert.equal(
        (await objects.list('jwts', NAMESPACE)).some(({ metadata }) => metadata.name === 'twice'),
        false,
      );
      await Promise.all(['one', 'two', 'three'].map((dir) => rm(join(folder, dir), { recursive: true })));
    });
  });

  describe('keygen --to-cluster', () => {
    const keygen = (...args: readonly string[]) =>
      maker.run(keygenCommand, ...args, ...ISSUER, '--to-cluster', ...HERE, '--dir', folder);

    it('creates the Secret of a key that is in no file, and the new JWT is signed with it', async () => {
      const { code, err } = await keygen('first');
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual((await readdir(folder)).toSorted(), ['first-jwk.json', 'first-jwt.yaml']);
      await stage.cluster.kubectl(['apply', ...HERE, '-f', join(folder, 'first-jwt.yaml')]);
      await objects.waitForCondition(NAMESPACE, 'first', 'Ready', 'True', 'Signed');
      const jwk = JSON.parse(await readFile(join(folder, 'first-jwk.json'), 'utf8'));
      await compactVerify(secretText(await objects.get('secrets', NAMESPACE, 'first')), await importJWK(jwk));
      const { status } = await objects.get('jwts', NAMESPACE, 'first');
      assert.deepEqual(JSON.parse(status.publicKey), jwk);
    });

    it('overwrites no Secret, and then leaves no file behind', async () => {
      const secret = await objects.get('secrets', NAMESPACE, 'first-key');
      await Promise.all((await readdir(folder)).map((name) => rm(join(folder, name))));
      const { code, err } = await keygen('first');
      assert.equal(code, 1);
      assert.match(err, /^error: Secret cli-keys\/first-key exists and is not overwritten: choose another/);
      assert.deepEqual(await readdir(folder), []);
      assert.deepEqual(await objects.get('secrets', NAMESPACE, 'first-key'), secret);
    });
  });

  describe('jwks', () => {
    const site = (): string => join(folder, 'site');
    const jwks = (...args: readonly string[]) => admin.run(jwksCommand, ...args);
    const published = async (): Promise<readonly string[]> => {
      const text = await readFile(join(site(), '.well-known/issuer.jwks'), 'utf8');
      return JSON.parse(text).keys.map((key: Loose) => key.kid);
    };
    let old: string;

    it('publishes the key of a JWT from its status', async () => {
      old = (await objects.get('jwts', NAMESPACE, 'first')).status.keyId;
      const { code, err } = await jwks('first', ...HERE, '--dir', site());
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(await published(), [old]);
    });

    it('publishes an earlier key, too, until its last token expires', async () => {
      await stage.cluster.apply(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'second-key', namespace: NAMESPACE },
          stringData: { 'key.pem': toPem(makeKey('ES256')) },
        }),
      );
      const former = (await objects.get('jwts', NAMESPACE, 'first')).status;
      const spec = { keyId: 'second', key: { secret: { name: 'second-key', key: 'key.pem' } } };
      const patch = ['--type=merge', '-p', JSON.stringify({ spec })];
      await stage.cluster.kubectl(['patch', 'jwt', 'first', ...HERE, ...patch]);
      const { status } = await objects.waitFor(
        'jwts',
        NAMESPACE,
        'first',
        (jwt) => jwt.status.keyId === 'second',
      );
      const { publicKey, expiresAt, issuer } = former;
      assert.deepEqual(status.retiredKeys, [{ publicKey, expiresAt, issuer }]);
      const all = ['--issuer', 'https://issuer.example.com', '-A'];
      const { code, out, err } = await jwks(...all, '-o', 'json');
      assert.deepEqual([code, err], [0, '']);
      const { keys } = JSON.parse(out);
      assert.deepEqual(
        keys.map(({ kid, role, until }: Loose) => [kid, role, until]),
        [
          ['second', 'signs', undefined],
          [old, 'retired', former.expiresAt],
        ],
      );
    });

    it('names the JWT that does not exist, and the one that has signed nothing yet', async () => {
      const missing = await jwks('fist', ...HERE);
      assert.deepEqual([missing.code, missing.out], [1, '']);
      assert.match(missing.err, /there is no JWT "fist" in namespace cli-keys; did you mean first\?/);
      const spec = { ...wireJwt().spec, key: { secret: { name: 'nowhere', key: 'key.pem' } } };
      const metadata = { name: 'keyless', namespace: NAMESPACE };
      await stage.cluster.apply(
        JSON.stringify({ apiVersion: 'tokens.osg-htc.org/v1', kind: 'JWT', metadata, spec }),
      );
      const keyless = await jwks('keyless', ...HERE);
      assert.equal(keyless.code, 1);
      assert.match(keyless.err, /JWT cli-keys\/keyless has signed nothing for its issuer yet/);
    });
  });

  it('no command printed a private key', () => {
    assert.ok(printed.join('').length > 500);
    assert.doesNotMatch(printed.join(''), /PRIVATE KEY|"d":/);
  });
});
