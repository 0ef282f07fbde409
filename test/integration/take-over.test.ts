import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { jwtVerify, SignJWT } from 'jose';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { secretText, type Loose, type Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';
import { FINALIZER } from './token-manager.ts';

const SIGNED_AT = 'tokens.osg-htc.org/last-signing-time';

/** JWTs and Secrets in the form in which token-manager (kopf, kubernetes-client for Python) leaves them. */
describe('taking over from token-manager', { concurrency: false }, () => {
  const key = makeKey('ES256');
  /** Changes of what such a token does not say, by the name of the JWT; `lifetime` in seconds. */
  const EDITS = {
    issuer: { spec: { issuer: 'https://moved.example.com' }, lifetime: 86_400 },
    lifetime: {
      spec: { expiryTime: { days: 0, hours: 1 }, resignBefore: { hours: 0, minutes: 10 } },
      lifetime: 3_600,
    },
  };
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => {
    ({ stage, objects, tenant } = await borrowTenantStage('take-over', { withoutService: true }));
    await tenant.applySecret('the-key', { 'key.pem': toPem(key) });
    for (const name of [...Object.keys(EDITS), 'template'])
      await leaveSecret(await leaveJwt(name), await oldToken(86_000));
  });
  after(() => stage.stop());

  const kubectl = (args: readonly string[], input?: unknown) =>
    stage.cluster.kubectl(args, input === undefined ? {} : { input: JSON.stringify(input) });

  /** As kopf writes it: a finalizer, and the whole spec in an annotation. */
  async function leaveJwt(
    name: string,
    labels: Record<string, string> = {},
    more: object = {},
  ): Promise<Loose> {
    const { apiVersion, kind, spec } = wireJwt({
      key: { secret: { name: 'the-key', key: 'key.pem', namespace: 'take-over' } },
      ...more,
    });
    const annotations = {
      'kopf.zalando.org/last-handled-configuration': JSON.stringify({ spec }),
      'kopf.zalando.org/on_create': '{"started":"2026-01-01"}',
      mine: 'kept',
    };
    const metadata = {
      name,
      namespace: 'take-over',
      labels,
      annotations,
      finalizers: [FINALIZER, 'example.org/mine'],
    };
    await kubectl(['create', '-f', '-'], { apiVersion, kind, metadata, spec });
    return objects.get('jwts', 'take-over', name);
  }

  /**
   * As token-manager's `upsert` writes it: POST, only the token in data, the JWT's labels, a blocking owner
   * reference.
   */
  async function leaveSecret(jwt: Loose, token: string): Promise<void> {
    const owner = { apiVersion: jwt.apiVersion, kind: 'JWT', name: jwt.metadata.name, uid: jwt.metadata.uid };
    await kubectl(['create', '--field-manager=OpenAPI-Generator', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: jwt.metadata.name,
        namespace: 'take-over',
        labels: jwt.metadata.labels,
        annotations: { [SIGNED_AT]: `${Date.now() / 1000 - 60}` },
        ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
      },
      stringData: { token },
    });
  }

  /** The older image only uses `exp`. */
  const oldToken = (seconds: number, data: object = wireJwt().spec.data): Promise<string> =>
    new SignJWT({ ...data })
      .setProtectedHeader({ alg: 'ES256', kid: 'my-jwt-key', typ: 'JWT' })
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key);

  it('a valid token and the annotations of token-manager stay unchanged, and the status reports a legacy token', async () => {
    const jwt = await leaveJwt('valid', { old: 'label' });
    await leaveSecret(jwt, await oldToken(86_000));
    const expired = await leaveJwt('expired');
    await leaveSecret(expired, await oldToken(-10));
    const left = await objects.get('secrets', 'take-over', 'valid');
    const timed = { ...jwt.spec.data, iat: 1_700_000_000, nbf: 1_700_000_000 };
    await leaveSecret(await leaveJwt('timed', {}, { data: timed }), await oldToken(86_000, timed));
    const leftTimed = await objects.get('secrets', 'take-over', 'timed');

    await stage.startService();
    await objects.waitForCondition('take-over', 'valid', 'Ready', 'True', 'LegacyToken');
    await objects.waitForCondition('take-over', 'expired', 'Ready', 'True', 'Signed');
    const taken = await objects.get('jwts', 'take-over', 'valid');
    assert.deepEqual(taken.metadata.finalizers, jwt.metadata.finalizers);
    assert.deepEqual(taken.metadata.annotations, jwt.metadata.annotations);
    assert.equal(
      (await objects.get('secrets', 'take-over', 'valid')).metadata.resourceVersion,
      left.metadata.resourceVersion,
      'no Secret is written at take-over',
    );
    await objects.waitForCondition('take-over', 'timed', 'Ready', 'True', 'LegacyToken');
    assert.equal(
      (await objects.get('secrets', 'take-over', 'timed')).metadata.resourceVersion,
      leftTimed.metadata.resourceVersion,
      'its iat is the one that the author wrote into the claims',
    );
  });

  for (const [name, { spec, lifetime }] of Object.entries(EDITS)) {
    it(`a JWT that was taken over is signed at once when its ${name} is edited, although its token does not say it`, async () => {
      await objects.waitForCondition('take-over', name, 'Ready', 'True', 'LegacyToken');
      await kubectl([
        'patch',
        'jwt',
        '-n',
        'take-over',
        name,
        '--type=merge',
        '-p',
        JSON.stringify({ spec }),
      ]);
      await objects.waitForCondition('take-over', name, 'Ready', 'True', 'Signed');
      const { payload } = await jwtVerify(
        secretText(await objects.get('secrets', 'take-over', name)),
        createPublicKey(key),
      );
      const { issuer } = wireJwt(spec).spec;
      assert.deepEqual([payload.iss, (payload.exp ?? 0) - (payload.iat ?? 0)], [issuer, lifetime + 60]);
    });
  }

  it('a JWT that was taken over keeps its token when another part of its spec is edited', async () => {
    await objects.waitForCondition('take-over', 'template', 'Ready', 'True', 'LegacyToken');
    const token = secretText(await objects.get('secrets', 'take-over', 'template'));
    const patch = JSON.stringify({ spec: { secretTemplate: { labels: { team: 'x' } } } });
    await kubectl(['patch', 'jwt', '-n', 'take-over', 'template', '--type=merge', '-p', patch]);
    await objects.waitFor('jwts', 'take-over', 'template', ({ status }) => status.observedGeneration === 2);
    await objects.waitForCondition('take-over', 'template', 'Ready', 'True', 'LegacyToken');
    assert.equal(secretText(await objects.get('secrets', 'take-over', 'template')), token);
  });

  it('at its next renewal what token-manager wrote becomes ours: missing claims are added, a blocking owner and later labels go', async () => {
    await kubectl(['label', 'secret', '-n', 'take-over', 'valid', 'somebody=else']);
    await kubectl(['annotate', 'jwt', '-n', 'take-over', 'valid', 'tokens.osg-htc.org/renew=1']);
    const secret = await objects.waitFor(
      'secrets',
      'take-over',
      'valid',
      ({ metadata }) => metadata.labels['tokens.osg-htc.org/managed'] === 'true',
    );
    const { payload } = await jwtVerify(secretText(secret), createPublicKey(key));
    assert.ok(payload.iss && payload.iat && payload.nbf && payload.jti);
    assert.equal(secret.metadata.ownerReferences[0].blockOwnerDeletion, undefined);
    assert.ok(
      Number.isFinite(Number(secret.metadata.annotations[SIGNED_AT])),
      'token-manager, rolled back, can read it',
    );
    const managers = (
      await kubectl(['get', 'secret', '-n', 'take-over', 'valid', '-o', 'json', '--show-managed-fields'])
    ).stdout;
    assert.ok(!managers.includes('OpenAPI-Generator'));

    await kubectl(['label', 'jwt', '-n', 'take-over', 'valid', 'old-', 'new=label']);
    const { metadata } = await objects.waitFor(
      'secrets',
      'take-over',
      'valid',
      (relabelled) => relabelled.metadata.labels.new === 'label',
    );
    assert.deepEqual([metadata.labels.old, metadata.labels.somebody], [undefined, 'else']);
  });

  describe('what others added to its Secret stays, even if one client seems to have written all of it:', () => {
    const PRIVATE_KEY = toPem(makeKey('ES256'));

    /** A Secret with an expired token, without an owner: all of it is one client's, as `managedFields` shows it. */
    const restore = async (name: string, manager: string): Promise<void> => {
      await kubectl(['create', `--field-manager=${manager}`, '-f', '-'], {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name,
          namespace: 'take-over',
          labels: { old: 'label', team: 'x' },
          annotations: { [SIGNED_AT]: '1743630000.5', note: 'mine' },
          finalizers: ['example.org/hold'],
        },
        stringData: { token: await oldToken(-10), 'private.pem': PRIVATE_KEY },
      });
    };
    const edit = (manager: string, name: string, patch: object) => {
      const where = ['-n', 'take-over', name, `--field-manager=${manager}`];
      return kubectl(['patch', 'secret', ...where, '--type=merge', '-p', JSON.stringify(patch)]);
    };
    const ADDED = {
      metadata: {
        labels: { old: 'label' },
        annotations: { note: 'mine' },
        finalizers: ['example.org/hold'],
      },
      stringData: { 'private.pem': PRIVATE_KEY },
    };

    /** How such a Secret comes about, before the JWT is there or while no service runs. */
    const WAYS: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
      'restored from a backup': (name) => restore(name, 'velero-server'),
      'made by kubectl create': (name) => restore(name, 'kubectl-create'),
      'edited by a client with the name of token-manager’s': async (name) => {
        await leaveSecret(await objects.get('jwts', 'take-over', name), await oldToken(-10));
        await edit('OpenAPI-Generator', name, ADDED);
      },
      'annotated to be signed again': async (name) => {
        await leaveSecret(await objects.get('jwts', 'take-over', name), await oldToken(-10));
        await edit('kubectl-annotate', name, ADDED);
        await edit('kubectl-annotate', name, { metadata: { annotations: { [SIGNED_AT]: '1743630001.5' } } });
      },
    };
    const named = Object.entries(WAYS).map(([way, leave], index) => ({ way, leave, name: `mixed-${index}` }));
    before(async () => {
      await stage.service().stop();
      for (const { name, leave } of named) {
        await leaveJwt(name, { team: 'x' });
        await leave(name);
      }
      await stage.startService();
    });
    after(async () => {
      for (const { name } of named) await edit('kubectl-patch', name, { metadata: { finalizers: [] } });
    });

    for (const { way, name } of named) {
      it(way, async () => {
        await objects.waitForCondition('take-over', name, 'Ready', 'True', 'Signed');
        await kubectl(['label', 'jwt', '-n', 'take-over', name, 'team-', 'new=label']);
        const fits = ({ metadata }: Loose): boolean => metadata.labels.new === 'label';
        const { data, metadata } = await objects.waitFor('secrets', 'take-over', name, fits);
        assert.equal(secretText({ data }, 'private.pem'), PRIVATE_KEY);
        assert.deepEqual(metadata.finalizers, ['example.org/hold']);
        assert.equal(metadata.annotations.note, 'mine');
        assert.equal(metadata.labels.old, 'label');
        assert.equal(metadata.labels.team, undefined, 'it was a copy of the JWT’s');
      });
    }
  });

  it('a deleted JWT with a left finalizer is gone after ten seconds', async () => {
    await leaveJwt('leaving');
    const finalizers = { metadata: { finalizers: [FINALIZER] } };
    await kubectl([
      'patch',
      'jwt',
      '-n',
      'take-over',
      'leaving',
      '--type=merge',
      '-p',
      JSON.stringify(finalizers),
    ]);
    await kubectl(['delete', 'jwt', '-n', 'take-over', 'leaving', '--wait=false']);
    const { metadata } = await objects.get('jwts', 'take-over', 'leaving');
    await objects.waitForGone('jwts', 'take-over', 'leaving');
    assert.ok(Date.now() - Date.parse(metadata.deletionTimestamp) >= 10_000, 'token-manager had its time');
  });
});
