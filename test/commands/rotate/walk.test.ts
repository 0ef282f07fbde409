import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseJwt } from '../../../src/resources/jwt.ts';
import { ROTATION } from '../../../src/resources/names.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import type { Interference } from '../stored-api.ts';
import {
  ISSUER,
  JWT,
  made,
  publicJwk,
  REMOVES_KEY,
  startRotating,
  switched,
  type Rotating,
} from './rotating.ts';

describe('rotate', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const conflict: Interference = (_request, response) => {
    refuse(response, 409, 'Conflict');
    return 'answered';
  };
  const loseAnswer: Interference = (request, response) => {
    rotating.api.store(request);
    response.destroy();
    return 'answered';
  };
  const madeSecrets = () => rotating.api.requests.filter(({ method }) => method === 'POST').length;

  it('says that it is complete after its own last step, not if another run was faster', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', conflict);
    const { code, out, err } = await rotating.rotate('--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
    assert.equal(rotating.record(), undefined);
  });

  it('prints commands that are quoted for a shell, for any content of the JWT', async () => {
    const previousKeyId = 'old key;$(reboot)&';
    rotating.begin({ ...switched, previousKeyId });
    const { out } = await rotating.rotate('--dir', 'my site');
    assert.deepEqual(JSON.parse(out).commands, [
      "jwt-injector jwks my-jwt -n science --dir 'my site' '--remove=old key;$(reboot)&'",
      REMOVES_KEY,
    ]);
  });

  it('offers to delete only valid names of Secrets', async () => {
    for (const previousSecret of ['--all', 'a;b']) {
      rotating.begin({ ...switched, previousSecret });
      const { out } = await rotating.rotate();
      assert.deepEqual(JSON.parse(out).commands, [
        'jwt-injector jwks my-jwt -n science --dir DIR --remove=old',
      ]);
    }
  });

  it('quotes the names of the JWTs that share the old key', async () => {
    rotating.begin({ ...switched, publicKey: { ...publicJwk, kid: "it's" } });
    const status = { keyId: 'old', issuer: ISSUER };
    const key = { secret: { name: 'my-key', key: 'key.pem' } };
    const sharing = wireJwt({ keyId: 'old', key }, { metadata: { name: 'sharing' }, status });
    rotating.api.objects.set(JWT.replace('my-jwt', 'sharing'), sharing);
    const [command = ''] = JSON.parse((await rotating.rotate()).out).commands;
    assert.match(
      command,
      /^kubectl patch jwt sharing -n science --type=merge -p '\{.*"keyId":"it'\\''s".*"namespace":"science".*\}'$/,
    );
  });

  it('begins no other rotation if the answer to its last step is lost', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', loseAnswer);
    const { code, out, err } = await rotating.rotate();
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
    assert.deepEqual([rotating.record(), madeSecrets()], [undefined, 0]);
  });

  it('begins no other rotation if another run completes this one', async () => {
    rotating.begin({ ...switched, switchedAt: undefined });
    rotating.atNext('PATCH', (request, response) => {
      const { [ROTATION]: _rotation, ...annotations } = rotating.api.objects.get(JWT).metadata.annotations;
      rotating.api.objects.get(JWT).metadata.annotations = annotations;
      return conflict(request, response);
    });
    const { code, out, err } = await rotating.rotate('--force');
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^error: JWT science\/my-jwt: somebody else ended this rotation before it was over/);
    assert.equal(madeSecrets(), 0);
  });

  it('removes the new key if its Secret is refused: jwks would publish a key without a private half', async () => {
    rotating.begin(undefined);
    rotating.atNext('POST', (_request, response) => {
      const message = 'secrets "x" is forbidden: exceeded quota: few, requested: count/secrets=1';
      refuse(response, 403, 'Forbidden', { message });
      return 'answered';
    });
    const { code, out, err } = await rotating.rotate('--force');
    assert.deepEqual([code, out, rotating.record()], [3, '', undefined]);
    assert.match(err, /^error: ResourceQuota few, which is used up, does not allow you to create secrets/);
  });

  it('keeps the new key if the answer to its Secret is lost: it possibly exists', async () => {
    rotating.begin(undefined);
    rotating.atNext('POST', loseAnswer);
    const { code, err } = await rotating.rotate('--force');
    assert.deepEqual([code, err, madeSecrets()], [0, '', 1]);
    assert.notEqual(rotating.record(), undefined);
  });

  it('continues for a user who is not allowed to list JWTs, and offers to delete no Secret', async () => {
    rotating.begin(switched);
    rotating.api.interfere = ({ path }, response) => {
      if (!path.endsWith('/jwts')) return undefined;
      refuse(response, 403, 'Forbidden');
      return 'answered';
    };
    const { code, out, err } = await rotating.rotate();
    const { step, notes, commands } = JSON.parse(out);
    assert.deepEqual([code, err, step, commands.length], [0, '', 'finish', 1]);
    assert.match(notes.join(), /you are not allowed to list all JWTs: /);
  });

  it('with force reads no issuer after a conflict, either', async () => {
    rotating.begin(made);
    rotating.atNext('PATCH', conflict);
    const { code, out, err } = await rotating.rotate('--force', '--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'keep-old']);
    const jwt = parseJwt(rotating.api.objects.get(JWT));
    assert.ok(jwt.ok && jwt.value.spec.ok);
    assert.equal(jwt.value.spec.value.keyId, 'new');
    const key = { from: 'secret', name: made.secret, key: 'key.pem', namespace: 'science' };
    assert.deepEqual(
      jwt.value.spec.value.key,
      key,
      'the namespace is named, whatever the service takes for it',
    );
  });

  it('with force keeps the old key, even if the answer to the switch is lost', async () => {
    rotating.begin(made);
    rotating.atNext('PATCH', loseAnswer);
    const { code, out, err } = await rotating.rotate('--force');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'keep-old']);
    assert.notEqual(rotating.record(), undefined);
  });
});
