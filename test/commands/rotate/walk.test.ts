import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { rotationAnnotation, type Rotation } from '../../../src/commands/issuer/rotation.ts';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { parseJwt } from '../../../src/resources/jwt.ts';
import { ROTATION } from '../../../src/resources/names.ts';
import { toSeconds } from '../../../src/time/units.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import { startStoredApi, type Interference, type StoredApi } from '../stored-api.ts';

const JWT = '/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt';
const SECRETS = '/api/v1/namespaces/science/secrets';
const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', alg: 'ES256', use: 'sig' } as const;
const made: Rotation = {
  secret: 'my-jwt-key-00000000',
  publicKey: { ...jwk, kid: 'new' },
  previousKeyId: 'old',
  previousSecret: 'my-key',
  publishedAt: undefined,
  switchedAt: undefined,
};
const switched: Rotation = { ...made, switchedAt: toSeconds(Date.now()) - 86_400 };

describe('rotate', { timeout: 60_000 }, () => {
  let api: StoredApi;
  beforeEach(async () => {
    api = await startStoredApi();
    // As the service: it signs with whatever key the spec names.
    api.follow = (object) => {
      if (object.kind === 'JWT')
        object.status = { ...object.status, keyId: object.spec.keyId, publicKey: keyOf(object.spec.keyId) };
    };
  });
  afterEach(() => api[Symbol.asyncDispose]());

  const keyOf = (kid: string): string => JSON.stringify({ ...jwk, kid });
  /** The JWT in that state of its rotation. */
  const begin = (rotation: Rotation): void => {
    const keyId = rotation.switchedAt === undefined ? 'old' : 'new';
    const key = { secret: { name: 'my-key', key: 'key.pem' } };
    const status = { keyId, publicKey: keyOf(keyId), issuer: 'https://issuer.example.com/' };
    const metadata = { annotations: rotationAnnotation(rotation) };
    api.objects.set(JWT, wireJwt({ keyId, key }, { metadata, status }));
    api.objects.set(`${SECRETS}/${rotation.secret}`, {
      metadata: { name: rotation.secret, namespace: 'science', resourceVersion: '8' },
    });
  };
  const rotate = (...args: readonly string[]) =>
    api.run(rotateCommand, 'my-jwt', '-n', 'science', '-o', 'json', ...args);
  /** Of the next patch alone. */
  const atNextPatch = (interference: Interference): void => {
    api.interfere = (request, response) => {
      if (request.method !== 'PATCH') return undefined;
      api.interfere = () => undefined;
      return interference(request, response);
    };
  };
  const conflict: Interference = (_request, response) => {
    refuse(response, 409, 'Conflict');
    return 'answered';
  };
  const loseAnswer: Interference = (request, response) => {
    api.store(request);
    response.destroy();
    return 'answered';
  };
  const annotation = (): unknown => api.objects.get(JWT).metadata.annotations?.[ROTATION];
  const madeSecrets = () => api.requests.filter(({ method }) => method === 'POST').length;

  it('says that it is over when its last step was taken, not when somebody else was faster', async () => {
    begin(switched);
    atNextPatch(conflict);
    const { code, out, err } = await rotate('--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
    assert.equal(annotation(), undefined);
  });

  it('prints commands that a shell runs as they are meant, whatever others wrote into the JWT', async () => {
    const previousKeyId = 'old key;$(reboot)&';
    begin({ ...switched, previousKeyId });
    const { out } = await rotate('--dir', 'my site');
    assert.deepEqual(JSON.parse(out).commands, [
      "jwt-injector jwks my-jwt -n science --dir 'my site' '--remove=old key;$(reboot)&'",
      'kubectl delete secret my-key -n science',
    ]);
  });

  it('offers to delete nothing that is not the name of a Secret', async () => {
    for (const previousSecret of ['--all', 'a;b']) {
      begin({ ...switched, previousSecret });
      const { out } = await rotate();
      assert.deepEqual(JSON.parse(out).commands, [
        'jwt-injector jwks my-jwt -n science --dir DIR --remove=old',
      ]);
    }
  });

  it('quotes the key of those who share the old one', async () => {
    begin({ ...switched, publicKey: { ...jwk, kid: "it's" } });
    api.objects.get(JWT).status.keyId = "it's";
    const status = { keyId: 'old', issuer: 'https://issuer.example.com/' };
    const key = { secret: { name: 'my-key', key: 'key.pem' } };
    const sharing = wireJwt({ keyId: 'old', key }, { metadata: { name: 'sharing' }, status });
    api.objects.set(JWT.replace('my-jwt', 'sharing'), sharing);
    const [command = ''] = JSON.parse((await rotate()).out).commands;
    assert.match(
      command,
      /^kubectl patch jwt sharing -n science --type=merge -p '\{.*"keyId":"it'\\''s".*\}'$/,
    );
  });

  it('begins no other rotation when the answer to its last step is lost', async () => {
    begin(switched);
    atNextPatch(loseAnswer);
    const { code, out, err } = await rotate();
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
    assert.deepEqual([annotation(), madeSecrets()], [undefined, 0]);
  });

  it('begins no other rotation when somebody else ends this one', async () => {
    begin({ ...switched, switchedAt: undefined });
    atNextPatch((request, response) => {
      const { [ROTATION]: _rotation, ...annotations } = api.objects.get(JWT).metadata.annotations;
      api.objects.get(JWT).metadata.annotations = annotations;
      return conflict(request, response);
    });
    const { code, out, err } = await rotate('--force');
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^error: JWT science\/my-jwt: somebody else ended this rotation before it was over/);
    assert.equal(madeSecrets(), 0);
  });

  it('with force asks no issuer after a conflict, either', async () => {
    begin(made);
    atNextPatch(conflict);
    const { code, out, err } = await rotate('--force', '--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'keep-old']);
    const jwt = parseJwt(api.objects.get(JWT));
    assert.ok(jwt.ok && jwt.value.spec.ok);
    assert.equal(jwt.value.spec.value.keyId, 'new');
  });

  it('with force keeps the old key, even if the answer to the switch is lost', async () => {
    begin(made);
    atNextPatch(loseAnswer);
    const { code, out, err } = await rotate('--force');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'keep-old']);
    assert.notEqual(annotation(), undefined);
  });
});
