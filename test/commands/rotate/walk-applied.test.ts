import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LAST_APPLIED, ROTATION } from '../../../src/resources/names.ts';
import { JWT, made, startRotating, switched, type Rotating } from './rotating.ts';

describe('rotate of a JWT that is applied from a file', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const key = { secret: { name: made.secret, key: 'key.pem', namespace: 'science' } };
  const spec = JSON.stringify({ keyId: 'new', algorithm: 'ES256', key });
  /** Applies the file with this key. */
  const apply = (keyId: string): void => {
    rotating.api.objects.get(JWT).metadata.annotations[LAST_APPLIED] = JSON.stringify({ spec: { keyId } });
  };
  const notesOf = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { out } = await rotating.rotate(...args);
    return JSON.parse(out).notes;
  };

  it('says how to change the file, from the switch on', async () => {
    rotating.begin(made);
    assert.ok(
      (await notesOf('--force')).some(
        (note) => note.startsWith('if this JWT is applied') && note.endsWith(spec),
      ),
    );
    rotating.begin(switched);
    const [note = ''] = await notesOf();
    assert.ok(note.endsWith(spec), note);
  });

  it('says it first if the file still names another key', async () => {
    rotating.begin(switched);
    apply('old');
    const [note = ''] = await notesOf();
    assert.match(note, /^first change what kubectl apply applies this JWT from: .*KeyNotFound/);
    assert.ok(note.endsWith(spec));
  });

  it('says nothing if the file names the new key', async () => {
    rotating.begin(switched);
    apply('new');
    assert.deepEqual(await notesOf(), []);
  });

  describe('after the file restored the old key', () => {
    const revert = (): void => {
      const jwt = rotating.api.objects.get(JWT);
      jwt.spec.keyId = 'old';
      jwt.spec.key = { secret: { name: 'my-key', key: 'key.pem' } };
      jwt.status.keyId = 'old';
    };

    it('says what to do', async () => {
      rotating.begin(switched);
      revert();
      const { code, out, err } = await rotating.rotate();
      const { step, problem, commands } = JSON.parse(out);
      assert.deepEqual([code, err, step], [1, '', 'reverted']);
      assert.match(problem, /^somebody changed spec\.keyId to old/);
      assert.deepEqual(commands, [
        'jwt-injector rotate my-jwt -n science --force',
        `kubectl annotate jwt my-jwt -n science ${ROTATION}-`,
      ]);
      assert.equal(rotating.api.objects.get(JWT).spec.keyId, 'old');
    });

    it('sets the new key again by force, and keeps the old one as long as its tokens are valid', async () => {
      rotating.begin(switched);
      revert();
      const { code, out, err } = await rotating.rotate('--force');
      assert.deepEqual([code, err, JSON.parse(out).step], [0, '', 'keep-old']);
      assert.equal(rotating.api.objects.get(JWT).spec.keyId, 'new');
      assert.ok(Date.parse(rotating.record().switchedAt) > Date.now() - 60_000);
      assert.equal(rotating.record().previousSecret, 'my-key');
    });

    it('names the manager, if it was a server-side apply by force', async () => {
      rotating.begin(switched);
      revert();
      rotating.api.objects.get(JWT).metadata.managedFields = [
        { manager: 'argocd-controller', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:keyId': {} } } },
      ];
      const [note = ''] = await notesOf();
      assert.match(note, /^first change what argocd-controller applies this JWT from: /);
      assert.ok(note.endsWith(spec));
    });

    it('does not repeat the switch: a run switches once', async () => {
      rotating.begin(made);
      let switches = 0;
      rotating.api.follow = (object) => {
        if (object.spec.keyId !== 'new') return;
        switches += 1;
      };
      rotating.api.interfere = ({ method, path }) => {
        if (method === 'GET' && path === JWT && switches === 1 && looks++ === 1) revert();
        return undefined;
      };
      let looks = 0;
      const { code, out } = await rotating.rotate('--force');
      assert.deepEqual([code, JSON.parse(out).step, switches], [1, 'reverted', 1]);
    });

    it('replaces a third key, if the file names one', async () => {
      rotating.begin(switched);
      const jwt = rotating.api.objects.get(JWT);
      jwt.spec.keyId = 'third';
      jwt.status.keyId = 'third';
      jwt.spec.key = { secret: { name: 'third-key', key: 'key.pem', namespace: 'science' } };
      await rotating.rotate('--force');
      const { previousKeyId, previousSecret } = rotating.record();
      assert.deepEqual([previousKeyId, previousSecret], ['third', 'third-key']);
    });
  });
});

describe('rotate that continues an earlier run', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  it('keeps the wait of the earlier run', async () => {
    rotating.begin(undefined);
    await rotating.rotate('--force', '--wait', '6h');
    assert.equal(rotating.record().wait, 6 * 3600);
  });

  it('refuses a shorter wait, and another algorithm', async () => {
    for (const [args, says] of [
      [
        ['--wait', '15m'],
        /an earlier run of this rotation was asked to wait 6 h: remove --wait 15 min, or add --force/,
      ],
      [['--algorithm', 'RS256'], /the new key of this rotation is for ES256, and not for RS256/],
    ] as const) {
      rotating.begin({ ...made, wait: 6 * 3600 });
      const { code, out, err } = await rotating.rotate('--no-wait', ...args);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, says);
    }
  });
});
