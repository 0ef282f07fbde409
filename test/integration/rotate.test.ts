import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspectCommand } from '../../src/commands/inspect.ts';
import { jwksCommand } from '../../src/commands/jwks.ts';
import { keygenCommand } from '../../src/commands/keygen.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { verifyCommand } from '../../src/commands/verify.ts';
import { startHttpsIssuer, type HttpsIssuer } from '../commands/https-issuer.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import { borrowStage } from '../controlplane/loan.ts';
import type { Stage } from '../controlplane/stage.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { callWithRights, onJwts, type Rights } from './call-with-rights.ts';
import { callAs, runShell, type Caller } from './cli-run.ts';
import { openObjects, type Loose, type Objects } from './objects.ts';

const NAMESPACE = 'rotate';
const HERE = ['-n', NAMESPACE] as const;

/** The rights that the help of `rotate` names. */
const ROTATOR: Rights = {
  here: [onJwts('get', 'patch'), { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create'] }],
  everywhere: [onJwts('list')],
};

/** The documented rotation on a real control plane, while the service runs. */
describe('a rotation, by command, from the first key to the second', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let admin: Caller;
  let folder: string;
  const printed: string[] = [];
  let issuer: HttpsIssuer;
  let site: string;
  const trust = (): readonly string[] => ['--ca-file', join(folder, 'ca.pem')];
  let rotator: Caller;
  const rotate = (...args: readonly string[]) =>
    rotator.run(rotateCommand, 'rotated', ...HERE, ...trust(), '-o', 'json', ...args);
  const verify = () => admin.run(verifyCommand, 'rotated', ...HERE, ...trust(), '-o', 'json');
  const kids = async (): Promise<readonly string[]> =>
    JSON.parse(await readFile(join(site, '.well-known/issuer.jwks'), 'utf8')).keys.map(
      ({ kid }: Loose) => kid,
    );
  let old: string;
  before(async () => {
    stage = await borrowStage();
    objects = openObjects(stage.cluster);
    await stage.cluster.createNamespace(NAMESPACE);
    admin = callAs(stage.cluster.adminKubeconfig, printed);
    folder = await mkdtemp(join(tmpdir(), 'jwt-rotate-'));
    issuer = await startHttpsIssuer();
    site = join(folder, 'rotated-site');
    await writeFile(join(folder, 'ca.pem'), issuer.ca);
    for (const name of ['openid-configuration', 'oauth-authorization-server', 'issuer.jwks']) {
      issuer.answers.set(`/.well-known/${name}`, (answer) => {
        answer.end(readFileSync(join(site, '.well-known', name)));
      });
    }
    const args = ['rotated', '--issuer', issuer.url, '--to-cluster', ...HERE, '--dir', folder];
    assert.equal((await admin.run(keygenCommand, ...args)).code, 0);
    await stage.cluster.kubectl(['apply', ...HERE, '-f', join(folder, 'rotated-jwt.yaml')]);
    await objects.waitForCondition(NAMESPACE, 'rotated', 'Ready', 'True', 'Signed');
    old = (await objects.get('jwts', NAMESPACE, 'rotated')).status.keyId;
    rotator = await callWithRights(stage.cluster, `${NAMESPACE}/rotator`, ROTATOR, printed);
  });
  after(async () => {
    await issuer[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    await stage.stop();
  });

  it('begins with a token that every verifier accepts', async () => {
    assert.equal((await admin.run(jwksCommand, 'rotated', ...HERE, '--dir', site)).code, 0);
    const { code, out } = await verify();
    assert.equal(code, 0, out);
    const shown = await admin.run(inspectCommand, 'rotated', ...HERE);
    assert.equal(shown.code, 0);
    assert.match(shown.out, /^Token of Secret rotate\/rotated: .* left \(\d+ % of its life\)$/m);
  });

  it('is judged with -A for each JWT, and for those without a token', async () => {
    await stage.cluster.apply(
      JSON.stringify({
        ...wireJwt({ key: { secret: { name: 'nowhere', key: 'key.pem' } } }),
        metadata: { name: 'tokenless', namespace: NAMESPACE },
      }),
    );
    const { code, out } = await admin.run(verifyCommand, '-A', ...trust(), '--timeout', '10s', '-o', 'json');
    assert.equal(code, 1);
    const { jwts } = JSON.parse(out);
    const resultOf = (name: string) =>
      jwts.find((jwt: Loose) => jwt.namespace === NAMESPACE && jwt.name === name);
    assert.equal(resultOf('rotated').result, 'accepted');
    assert.equal(resultOf('tokenless').result, 'none');
    assert.match(resultOf('tokenless').remedy, /^jwt-injector explain jwt tokenless -n /);
    assert.equal((await admin.run(verifyCommand, '-A', ...HERE)).code, 2);
    await stage.cluster.kubectl(['delete', 'jwt', 'tokenless', ...HERE]);
  });

  it('makes a key and publishes it together with the old one', async () => {
    const { code, out, err } = await rotate('--no-wait', '--dir', site);
    assert.deepEqual([code, err], [1, '']);
    const { step, newKeyId, oldKeyId, problem } = JSON.parse(out);
    assert.deepEqual([step, oldKeyId], ['publish', old]);
    assert.match(problem, new RegExp(`has no key of kid ${newKeyId}$`));
    assert.deepEqual(await kids(), [old, newKeyId]);
    assert.equal((await objects.get('jwts', NAMESPACE, 'rotated')).spec.keyId, old);
  });

  it('waits from the time when the key was seen, and refuses a shorter wait', async () => {
    const { code, out } = await rotate('--no-wait');
    const { step, until } = JSON.parse(out);
    assert.deepEqual([code, step], [1, 'wait']);
    const { metadata } = await objects.get('jwts', NAMESPACE, 'rotated');
    const { publishedAt } = JSON.parse(metadata.annotations['tokens.osg-htc.org/rotation']);
    assert.equal(Date.parse(until) - Date.parse(publishedAt), 15 * 60_000);
    assert.equal((await rotate('--no-wait', '--wait', '1m')).code, 2);
    assert.equal((await objects.get('jwts', NAMESPACE, 'rotated')).spec.keyId, old);
  });

  it('changes the JWT after the wait, and the new token is accepted at once', async () => {
    const { metadata } = await objects.get('jwts', NAMESPACE, 'rotated');
    const record = JSON.parse(metadata.annotations['tokens.osg-htc.org/rotation']);
    record.publishedAt = new Date(Date.now() - 16 * 60_000).toISOString();
    const annotation = `tokens.osg-htc.org/rotation=${JSON.stringify(record)}`;
    await stage.cluster.kubectl(['annotate', 'jwt', 'rotated', ...HERE, '--overwrite', annotation]);
    const { code, out, err } = await rotate();
    assert.deepEqual([code, err], [0, '']);
    const { step, newKeyId, until, notes, commands } = JSON.parse(out);
    assert.match(notes.join(), /^first change what kubectl apply applies this JWT from/);
    const again = `jwt-injector rotate rotated -n rotate --ca-file=${join(folder, 'ca.pem')}`;
    assert.deepEqual([step, commands], ['keep-old', [again]]);
    assert.ok(Date.parse(until) > Date.now() + 6 * 3_600_000);
    const { spec, status } = await objects.get('jwts', NAMESPACE, 'rotated');
    assert.deepEqual([spec.keyId, status.keyId], [newKeyId, newKeyId]);
    assert.equal(spec.key.secret.namespace, NAMESPACE);
    const verified = await verify();
    assert.equal(verified.code, 0, verified.out);
    assert.equal(JSON.parse(verified.out).header.kid, newKeyId);
  });

  it('keeps the old key published, and ends when nothing needs that key any more', async () => {
    assert.equal((await admin.run(jwksCommand, 'rotated', ...HERE, '--dir', site)).code, 0);
    assert.equal((await kids()).length, 2);
    assert.equal(JSON.parse((await rotate()).out).step, 'keep-old');
    const { code, out } = await rotate('--force');
    assert.deepEqual([code, JSON.parse(out).step, JSON.parse(out).sharedWith], [0, 'finish', []]);
    const { commands } = JSON.parse(out);
    assert.match(commands[0], new RegExp(`--remove=${old} --force$`));
    // Other programs may have something else in that Secret.
    const beside = { 'other.pem': Buffer.from('another key').toString('base64') };
    await objects.patch('secrets', { namespace: NAMESPACE, name: 'rotated-key' }, { data: beside });
    await runShell(stage.cluster, commands.slice(1));
    assert.deepEqual((await objects.get('secrets', NAMESPACE, 'rotated-key')).data, beside);
    const { metadata } = await objects.get('jwts', NAMESPACE, 'rotated');
    assert.equal(metadata.annotations?.['tokens.osg-htc.org/rotation'], undefined);
  });

  it('names the other JWTs that sign with the old key, which can be removed when they have the new one, too', async () => {
    const { kind, apiVersion, spec } = await objects.get('jwts', NAMESPACE, 'rotated');
    const metadata = { name: 'sharing', namespace: NAMESPACE };
    await stage.cluster.apply(JSON.stringify({ kind, apiVersion, metadata, spec }));
    await objects.waitForCondition(NAMESPACE, 'sharing', 'Ready', 'True', 'Signed');
    const begun = JSON.parse((await rotate('--force')).out);
    assert.deepEqual([begun.step, begun.sharedWith], ['keep-old', ['rotate/sharing']]);
    const { out } = await rotate('--force');
    const { step, sharedWith, commands } = JSON.parse(out);
    assert.deepEqual([step, sharedWith], ['finish', ['rotate/sharing']]);
    assert.equal(commands.length, 1, 'nothing can be removed');
    await runShell(stage.cluster, commands);
    const { newKeyId } = begun;
    const { status } = await objects.waitFor(
      'jwts',
      NAMESPACE,
      'sharing',
      (jwt) => jwt.status.keyId === newKeyId,
    );
    assert.equal(status.retiredKeys.length, 1);
  });

  it('with force skips publication and waiting, in one run', async () => {
    const { code, out, err } = await rotate('--force', '--algorithm', 'RS256');
    assert.deepEqual([code, err], [0, '']);
    assert.equal(JSON.parse(out).step, 'keep-old');
    const { status } = await objects.get('jwts', NAMESPACE, 'rotated');
    assert.equal(JSON.parse(status.publicKey).alg, 'RS256');
    const refused = await verify();
    assert.equal(refused.code, 1);
    assert.match(refused.out, /Key ID is not published by the issuer/);
  });

  it('no command printed a private key', () => {
    assert.ok(printed.join('').length > 500);
    assert.doesNotMatch(printed.join(''), /PRIVATE KEY|"d":/);
  });
});
