import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { wireJwt } from '../../fixtures/jwts.ts';
import type { Loose } from '../../integration/objects.ts';
import {
  ISSUER,
  JWT,
  made,
  REMOVES_KEY,
  SECRETS,
  startRotating,
  switched,
  type Rotating,
} from './rotating.ts';

const LEGACY = '--legacy-key-namespace';

describe('the Secret of the old key', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  beforeEach(async () => {
    rotating = await startRotating();
    const metadata = { name: 'my-key', namespace: 'science', uid: 'u', resourceVersion: '5' };
    rotating.api.objects.set(`${SECRETS}/my-key`, { metadata });
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const TABLE: readonly (readonly [
    title: string,
    namespace: string | undefined,
    keyVersion: string,
    args: readonly string[],
    noted: string | undefined,
  ])[] = [
    ['is noted if the JWT names its own namespace', 'science', 'other/1/key.pem', [], 'my-key'],
    ['is not noted if the JWT names another one', 'vault', 'u/5/key.pem', [], undefined],
    [
      'is noted if no namespace is named, and it is the object of the status',
      undefined,
      'u/5/key.pem',
      [],
      'my-key',
    ],
    ['is not noted if the key is from another object', undefined, 'other/1/key.pem', [], undefined],
    ['is not noted if it was changed since', undefined, 'u/4/key.pem', [], undefined],
    ['is not noted if another entry of it signed', undefined, 'u/5/other.pem', [], undefined],
    ['is noted if the service reads keys here', undefined, 'other/1/key.pem', [LEGACY, 'science'], 'my-key'],
    [
      'is not noted if the service reads keys elsewhere',
      undefined,
      'u/5/key.pem',
      [LEGACY, 'vault'],
      undefined,
    ],
  ];
  it('is noted in full at the switch if an earlier version noted no data key', async () => {
    const key = { secret: { name: 'my-key', key: 'key.pem', namespace: 'science' } };
    rotating.begin({ ...made, previousDataKey: undefined }, { key });
    await rotating.rotate('--force');
    assert.equal(rotating.record().previousDataKey, 'key.pem');
    rotating.begin({ ...made, previousSecret: 'earlier-key', previousDataKey: undefined }, { key });
    await rotating.rotate('--force');
    const { previousSecret, previousDataKey } = rotating.record();
    assert.deepEqual([previousSecret, previousDataKey], ['earlier-key', undefined]);
  });

  it('is noted with the thumbprint of its key', async () => {
    rotating.begin(undefined, { status: { keyThumbprint: 'thumb' } });
    await rotating.rotate('--force');
    assert.equal(rotating.record().previousThumbprint, 'thumb');
  });

  for (const [title, namespace, keyVersion, args, noted] of TABLE) {
    it(title, async () => {
      const key = {
        secret: { name: 'my-key', key: 'key.pem', ...(namespace === undefined ? {} : { namespace }) },
      };
      rotating.begin(undefined, { key, status: { keyVersion } });
      const { code, err } = await rotating.rotate('--force', ...args);
      assert.deepEqual([code, err], [0, '']);
      const { previousSecret, previousDataKey } = rotating.record();
      assert.deepEqual(
        [previousSecret, previousDataKey],
        [noted, noted === undefined ? undefined : 'key.pem'],
      );
    });
  }

  describe('at the end', () => {
    const commandsOf = async (...args: readonly string[]): Promise<readonly string[]> =>
      JSON.parse((await rotating.rotate(...args)).out).commands;
    /** Another JWT, with a key in this place. */
    const addOther = (
      secret: Loose,
      more: { namespace?: string; spec?: Loose; status?: Loose } = {},
    ): void => {
      const { namespace = 'science', spec = {}, status = {} } = more;
      const path = JWT.replace('science', namespace).replace('my-jwt', 'other');
      const metadata = { namespace, name: 'other' };
      const object = wireJwt({ keyId: 'another', key: { secret }, ...spec }, { metadata });
      rotating.api.objects.set(path, { ...object, status: { keyId: 'another', issuer: ISSUER, ...status } });
    };

    it('loses the old key, and nothing that may be beside it', async () => {
      rotating.begin(switched);
      const commands = await commandsOf();
      assert.deepEqual(commands, ['jwt-injector jwks my-jwt -n science --dir DIR --remove=old', REMOVES_KEY]);
      rotating.begin({ ...switched, previousDataKey: 'old.pem' });
      assert.match((await commandsOf()).join(), /"path":"\/data\/old\.pem"/);
    });

    it('is kept while a JWT in another namespace possibly uses it, as that names no namespace', async () => {
      addOther({ name: 'my-key', key: 'key.pem' }, { namespace: 'elsewhere' });
      const removes = async (...args: readonly string[]): Promise<boolean> => {
        rotating.begin(switched);
        return (await commandsOf(...args)).includes(REMOVES_KEY);
      };
      assert.equal(await removes(), false);
      assert.equal(await removes(LEGACY, 'science'), false);
      assert.equal(await removes(LEGACY, 'vault'), true);
    });

    const HERE = { name: 'my-key', namespace: 'science' };
    for (const [title, spec] of [
      ['cannot be signed today', { expiryTime: { hours: 0 } }],
      ['names two keys', { key: { value: 'x', secret: { ...HERE, key: 'key.pem' } } }],
    ] as const) {
      it(`is kept while a JWT uses it that ${title}`, async () => {
        rotating.begin(switched);
        addOther({ ...HERE, key: 'key.pem' }, { spec });
        const { out } = await rotating.rotate();
        const { commands, notes } = JSON.parse(out);
        assert.doesNotMatch(commands.join(), /kubectl/);
        assert.match(
          notes.join(),
          /the old key stays in Secret science\/my-key: a JWT signs with what is there as key\.pem/,
        );
      });
    }

    it('is named as shared by a JWT that cannot be signed today', async () => {
      rotating.begin(switched);
      const spec = { keyId: 'old', expiryTime: { hours: 0 } };
      addOther({ ...HERE, key: 'key.pem' }, { spec, status: { keyId: 'old' } });
      const { step, sharedWith } = JSON.parse((await rotating.rotate()).out);
      assert.deepEqual([step, sharedWith], ['await-others', ['science/other']]);
    });

    it('loses the old key beside another one that a JWT signs with', async () => {
      rotating.begin(switched);
      addOther({ ...HERE, key: 'other.pem' });
      assert.ok((await commandsOf()).includes(REMOVES_KEY));
    });

    it('is kept if the rotated JWT itself signs with what is there now', async () => {
      for (const secret of [
        { ...HERE, key: 'key.pem' },
        { name: 'my-key', key: 'key.pem' },
      ]) {
        rotating.begin(switched, { key: { secret } });
        assert.doesNotMatch((await commandsOf()).join(), /kubectl/);
      }
      rotating.begin(switched, { key: { secret: { ...HERE, key: 'new.pem' } } });
      assert.ok((await commandsOf()).includes(REMOVES_KEY));
    });

    it('is kept if nobody recorded which of its keys was the old one', async () => {
      for (const previousDataKey of [undefined, '../x']) {
        rotating.begin({ ...switched, previousDataKey });
        const { commands, notes } = JSON.parse((await rotating.rotate()).out);
        assert.doesNotMatch(commands.join(), /kubectl/);
        assert.match(notes.join(), /the old key stays in Secret science\/my-key: remove it there/);
      }
    });
  });
});
