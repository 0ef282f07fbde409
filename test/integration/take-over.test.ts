import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { jwtVerify, SignJWT } from 'jose';
import { startStage, type Stage } from '../controlplane/stage.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { openObjects, secretText, type Loose, type Objects } from './objects.ts';
import { openScience, type Science } from './science.ts';

const FINALIZER = 'kopf.zalando.org/KopfFinalizerMarker';
const SIGNED_AT = 'tokens.osg-htc.org/last-signing-time';

/** JWTs and Secrets in the shape in which token-manager (kopf, kubernetes-client for Python) leaves them. */
describe('taking over from token-manager', { concurrency: false }, () => {
  const key = makeKey('ES256');
  let stage: Stage;
  let objects: Objects;
  let science: Science;
  before(async () => {
    stage = await startStage();
    await stage.service().stop();
    objects = openObjects(stage.cluster);
    science = await openScience(stage.cluster, objects);
    await science.applySecret('the-key', { 'key.pem': toPem(key) });
  });
  after(async () => {
    await objects.close();
    await stage.stop();
  });

  const kubectl = (args: readonly string[], input?: unknown) =>
    stage.cluster.kubectl(args, input === undefined ? {} : { input: JSON.stringify(input) });

  /** As kopf has it: a finalizer, and the whole spec in an annotation. */
  async function leaveJwt(name: string, labels: Record<string, string> = {}): Promise<Loose> {
    const { apiVersion, kind, spec } = wireJwt({
      key: { secret: { name: 'the-key', key: 'key.pem', namespace: 'science' } },
    });
    const annotations = {
      'kopf.zalando.org/last-handled-configuration': JSON.stringify({ spec }),
      'kopf.zalando.org/on_create': '{"started":"2026-01-01"}',
      mine: 'kept',
    };
    const metadata = {
      name,
      namespace: 'science',
      labels,
      annotations,
      finalizers: [FINALIZER, 'example.org/mine'],
    };
    await kubectl(['create', '-f', '-'], { apiVersion, kind, metadata, spec });
    return objects.get('jwts', 'science', name);
  }

  /** As its `upsert` writes it: POST, the token alone in data, the JWT's labels, a blocking owner reference. */
  async function leaveSecret(jwt: Loose, token: string): Promise<void> {
    const owner = { apiVersion: jwt.apiVersion, kind: 'JWT', name: jwt.metadata.name, uid: jwt.metadata.uid };
    await kubectl(['create', '--field-manager=OpenAPI-Generator', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: jwt.metadata.name,
        namespace: 'science',
        labels: jwt.metadata.labels,
        annotations: { [SIGNED_AT]: `${Date.now() / 1000 - 60}` },
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
      },
      stringData: { token },
    });
  }

  /** The older image knows `exp` alone. */
  const oldToken = (seconds: number): Promise<string> =>
    new SignJWT({ ...wireJwt().spec.data })
      .setProtectedHeader({ alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' })
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key);

  it('a valid token stays as it is, finalizer and kopf annotations go, and the status tells of a legacy token', async () => {
    const jwt = await leaveJwt('valid', { old: 'label' });
    await leaveSecret(jwt, await oldToken(86_000));
    const expired = await leaveJwt('expired');
    await leaveSecret(expired, await oldToken(-10));
    const left = await objects.get('secrets', 'science', 'valid');

    await stage.startService();
    await objects.waitForCondition('science', 'valid', 'Ready', 'True', 'LegacyToken');
    await objects.waitForCondition('science', 'expired', 'Ready', 'True', 'Signed');
    const taken = await objects.get('jwts', 'science', 'valid');
    assert.deepEqual(taken.metadata.finalizers, ['example.org/mine']);
    assert.deepEqual(Object.keys(taken.metadata.annotations), ['mine']);
    assert.equal(
      (await objects.get('secrets', 'science', 'valid')).metadata.resourceVersion,
      left.metadata.resourceVersion,
      'no Secret is written at take-over',
    );
    assert.equal(
      taken.status.conditions.some((condition: Loose) => condition.type === 'LegacyOperatorActive'),
      false,
    );
  });

  it('at its next renewal the Secret becomes ours whole: missing claims come, what token-manager owned goes', async () => {
    await kubectl(['label', 'jwt', '-n', 'science', 'valid', 'old-', 'new=label']);
    await kubectl(['label', 'secret', '-n', 'science', 'valid', 'somebody=else']);
    await kubectl(['annotate', 'jwt', '-n', 'science', 'valid', 'tokens.osg-htc.org/renew=1']);
    const secret = await objects.waitFor(
      'secrets',
      'science',
      'valid',
      ({ metadata }) => metadata.labels['tokens.osg-htc.org/managed'] === 'true',
    );
    const { payload } = await jwtVerify(secretText(secret), createPublicKey(key));
    assert.ok(payload.iss && payload.iat && payload.nbf && payload.jti);
    const { labels, ownerReferences } = secret.metadata;
    assert.equal(labels.old, undefined);
    assert.deepEqual([labels.new, labels.somebody], ['label', 'else']);
    assert.equal(ownerReferences[0].blockOwnerDeletion, undefined);
    assert.ok(
      Number.isFinite(Number(secret.metadata.annotations[SIGNED_AT])),
      'token-manager, rolled back, can read it',
    );
    const managers = (
      await kubectl(['get', 'secret', '-n', 'science', 'valid', '-o', 'json', '--show-managed-fields'])
    ).stdout;
    assert.ok(!managers.includes('OpenAPI-Generator'));
  });

  it('marks that come back are told of, and do not stop the signing', async () => {
    const patch = {
      metadata: { finalizers: [FINALIZER], annotations: { 'kopf.zalando.org/touch-dummy': 'x' } },
    };
    await kubectl(['patch', 'jwt', '-n', 'science', 'expired', '--type=merge', '-p', JSON.stringify(patch)]);
    const active = await objects.waitForCondition('science', 'expired', 'LegacyOperatorActive', 'True');
    assert.match(active.message, /uninstall it/);
    const token = await science.tokenOf('expired');
    await kubectl(['annotate', 'jwt', '-n', 'science', 'expired', 'tokens.osg-htc.org/renew=1']);
    await science.waitForToken('expired', (found) => found !== token);
  });

  it('a JWT that waits for token-manager to be deleted goes', async () => {
    await leaveJwt('leaving');
    await kubectl([
      'patch',
      'jwt',
      '-n',
      'science',
      'leaving',
      '--type=merge',
      '-p',
      JSON.stringify({ metadata: { finalizers: [FINALIZER] } }),
    ]);
    await kubectl(['delete', 'jwt', '-n', 'science', 'leaving', '--wait=false']);
    await objects.waitForGone('jwts', 'science', 'leaving');
  });
});
