import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseJwt } from '../../../src/resources/jwt.ts';
import { ROTATION } from '../../../src/resources/names.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import type { Interference } from '../stored-api.ts';
import { ISSUER, JWT, made, publicJwk, startRotating, switched, type Rotating } from './rotating.ts';

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

  it('says that it is over when its last step was taken, not when somebody else was faster', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', conflict);
    const { code, out, err } = await rotating.rotate('--no-wait');
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
    assert.equal(rotating.record(), undefined);
  });

  it('prints commands that a shell runs as they are meant, whatever others wrote into the JWT', async () => {
    const previousKeyId = 'old key;$(reboot)&';
    rotating.begin({ ...switched, previousKeyId });
    const { out } = await rotating.rotate('--dir', 'my site');
    assert.deepEqual(JSON.parse(out).commands, [
      "jwt-injector jwks my-jwt -n science --dir 'my site' '--remove=old key;$(reboot)&'",
      'kubectl delete secret my-key -n science',
    ]);
  });

  it('offers to delete nothing that is not the name of a Secret', async () => {
    for (const previousSecret of ['--all', 'a;b']) {
      rotating.begin({ ...switched, previousSecret });
      const { out } = await rotating.rotate();
      assert.deepEqual(JSON.parse(out).commands, [
        'jwt-injector jwks my-jwt -n science --dir DIR --remove=old',
      ]);
    }
  });

  it('quotes the key of those who share the old one', async () => {
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

  it('begins no other rotation when the answer to its last step is lost', async () => {
    rotating.begin(switched);
    rotating.atNext('PATCH', loseAnswer);
    const { code, out, err } = await rotating.rotate();
    assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'finish']);
    assert.deepEqual([rotating.record(), madeSecrets()], [undefined, 0]);
  });

  it('begins no other rotation when somebody else ends this one', async () => {
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

  it('takes the new key back when its Secret is refused: jwks would publish a key that nobody has', async () => {
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

  it('keeps the new key when the answer to its Secret is lost: it may be there', async () => {
    rotating.begin(undefined);
    rotating.atNext('POST', loseAnswer);
    const { code, err } = await rotating.rotate('--force');
    assert.deepEqual([code, err, madeSecrets()], [0, '', 1]);
    assert.notEqual(rotating.record(), undefined);
  });

  it('goes on for somebody who may list no JWTs, and offers no Secret to be deleted', async () => {
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

  it('with force asks no issuer after a conflict, either', async () => {
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
