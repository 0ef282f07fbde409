import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import { secretText, type Loose, type Objects } from './objects.ts';
import type { Tenant } from './tenant.ts';

const NAMED = 'tokens.osg-htc.org/jwt';

/** A service, and a cluster that the test can use as its administrator. */
export interface Place {
  readonly stage: Stage<Cluster>;
  readonly objects: Objects;
  readonly tenant: Tenant;
}

/** Garbage collection looks for new kinds of owners every 30 s, and in a new cluster JWTs are a new kind. */
const GARBAGE_WITHIN_MS = 90_000;

/**
 * Deletes the JWT, and waits until garbage collection has deleted its dependents. Afterwards, dependents of
 * JWTs that are deleted later are collected, too.
 */
async function deleteWithItsOwn({ stage, objects, tenant }: Place, name: string): Promise<void> {
  const later = `later-than-${name}`;
  await tenant.apply(later);
  await objects.waitFor('secrets', 'keys', later, ({ metadata }) => metadata.ownerReferences?.length === 1);
  for (const jwt of [name, later]) await stage.cluster.kubectl(['delete', 'jwt', jwt, '-n', 'keys']);
  await waitUntil(
    'garbage collection',
    GARBAGE_WITHIN_MS,
    async () => (await objects.get('secrets', 'keys', later)) === undefined,
  );
}

/** The owner of a Secret, and the protection of other users' Secrets. */
export function describeOwnership(place: () => Place): void {
  const kubectl = (...args: readonly string[]) => place().stage.cluster.kubectl([...args, '-n', 'keys']);
  const patchSecret = (name: string, patch: object) =>
    kubectl('patch', 'secret', name, '--type=merge', '-p', JSON.stringify(patch));
  const secretOf = (name: string): Promise<Loose> => place().objects.get('secrets', 'keys', name);
  const waitForSecret = (name: string, fits: (secret: Loose) => boolean): Promise<Loose> =>
    place().objects.waitFor('secrets', 'keys', name, fits);
  const waitForConflict = (name: string): Promise<Loose> =>
    place().objects.waitForCondition('keys', name, 'Ready', 'False', 'SecretConflict');

  describe('the owner of a Secret decides:', () => {
    it('a foreign Secret is never changed until its owner hands it over; then it outlives the JWT', async () => {
      const { objects, tenant } = place();
      await tenant.applySecret('taken', { password: 'secret' });
      await tenant.apply('taken');
      const conflict = await waitForConflict('taken');
      assert.match(conflict.message, /kubectl annotate secret taken -n keys tokens.osg-htc.org\/adopt=taken/);
      const untouched = await secretOf('taken');
      assert.deepEqual(Object.keys(untouched.data), ['password']);
      assert.equal(untouched.metadata.ownerReferences, undefined);

      await kubectl('annotate', 'secret', 'taken', 'tokens.osg-htc.org/adopt=taken');
      await tenant.waitForToken('taken', (token) => token !== '');
      await objects.waitForCondition('keys', 'taken', 'Ready', 'True', 'Signed');
      const adopted = await secretOf('taken');
      assert.equal(secretText(adopted, 'password'), 'secret');
      assert.equal(adopted.metadata.ownerReferences, undefined, 'with the JWT only its own goes');
      await kubectl('delete', 'jwt', 'taken');
      await tenant.apply('after-taken');
      await tenant.waitForToken('after-taken', (token) => token !== '');
      assert.equal(secretText(await secretOf('taken'), 'password'), 'secret');
    });

    it('handing it over replaces its token, and what the message names, and nothing else', async () => {
      const { objects, tenant } = place();
      const annotations = { note: 'theirs' };
      const labels = { team: 'theirs', own: 'theirs' };
      await tenant.applySecret('robot', { token: 'their own', password: 'secret' }, { labels, annotations });
      await tenant.apply('robot', {}, { labels: { team: 'a' } });
      const { message } = await waitForConflict('robot');
      assert.match(
        message,
        /replaces its data key token, if it has one, and the labels and annotations that/,
      );
      const untouched = await secretOf('robot');
      assert.equal(secretText(untouched), 'their own');

      await kubectl('annotate', 'secret', 'robot', 'tokens.osg-htc.org/adopt=robot');
      await objects.waitForCondition('keys', 'robot', 'Ready', 'True', 'Signed');
      const { data, metadata } = await secretOf('robot');
      assert.match(secretText({ data }), /^[\w-]+\.[\w-]+\.[\w-]+$/);
      assert.deepEqual([data.password, metadata.annotations.note], [untouched.data.password, 'theirs']);
      assert.deepEqual([metadata.labels.own, metadata.labels.team], ['theirs', 'a']);
    });

    it('of a Secret that holds the key of another JWT it is never said to delete it or to hand it over', async () => {
      const { objects, tenant } = place();
      await tenant.applySecret('holder-of-a-key', { token: NRP_KEY });
      await tenant.apply('holder-of-a-key');
      assert.match((await waitForConflict('holder-of-a-key')).message, /or hand it over/);
      await tenant.apply('signer', { key: { secret: { name: 'holder-of-a-key', key: 'token' } } });
      const { status } = await objects.waitFor('jwts', 'keys', 'holder-of-a-key', (jwt) =>
        jwt.status.conditions.every((condition: Loose) => !condition.message.includes('hand it over')),
      );
      const { message } = status.conditions.find(({ type }: Loose) => type === 'Ready');
      assert.match(
        message,
        /and JWT signer signs with a key in it: it is left untouched\. Create this JWT under/,
      );
      assert.doesNotMatch(message, /delete|adopt/);
      assert.equal(secretText(await secretOf('holder-of-a-key')), NRP_KEY);
    });

    it('with Retain an owner reference that a user sets is removed, so that the Secret outlives the JWT', async () => {
      const { objects, tenant } = place();
      await tenant.apply('retained', { deletionPolicy: 'Retain' });
      const token = await tenant.waitForToken('retained', (text) => text !== '');
      const { apiVersion, kind, metadata } = await objects.get('jwts', 'keys', 'retained');
      const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
      await patchSecret('retained', { metadata: { ownerReferences: [owner] } });
      const free = await waitForSecret('retained', (secret) => secret.metadata.ownerReferences === undefined);
      assert.equal(secretText(free), token);
    });

    it('data of others in our Secret makes the service remove the owner reference, until the data is removed', async () => {
      const { tenant } = place();
      await tenant.apply('shared');
      const token = await tenant.waitForToken('shared', (text) => text !== '');
      await patchSecret('shared', { data: { note: 'bWluZQ==' } });
      const beside = await waitForSecret('shared', ({ metadata }) => metadata.ownerReferences === undefined);
      assert.deepEqual([secretText(beside), secretText(beside, 'note')], [token, 'mine']);
      await patchSecret('shared', { data: { note: null } });
      const alone = await waitForSecret('shared', ({ metadata }) => metadata.ownerReferences?.length === 1);
      assert.equal(alone.metadata.ownerReferences[0].controller, true);
      assert.equal(secretText(alone), token);
    });

    /** A signed JWT; then its key and its token were deleted. */
    const loseKey = async (name: string) => {
      const { objects, tenant } = place();
      const keySecret = `key-of-${name}`;
      const spec = { key: { secret: { name: keySecret, key: 'key.pem' } } };
      await tenant.applySecret(keySecret, { 'key.pem': NRP_KEY });
      await tenant.apply(name, spec);
      await tenant.waitForToken(name, (text) => text !== '');
      await kubectl('delete', 'secret', keySecret);
      await patchSecret(name, { data: { token: null } });
      await objects.waitForCondition('keys', name, 'Ready', 'False', 'KeyNotFound');
      return spec;
    };

    it('data of others outlives the JWT, also if it was added while no token could be signed', async () => {
      await loseKey('lone');
      await patchSecret('lone', { data: { note: 'bWluZQ==' } });
      await waitForSecret('lone', ({ metadata }) => metadata.ownerReferences === undefined);
      await deleteWithItsOwn(place(), 'lone');
      assert.equal(secretText(await secretOf('lone'), 'note'), 'mine');
    });

    it('Retain is also followed if it was set while no token could be signed', async () => {
      const spec = await loseKey('kept');
      await place().tenant.apply('kept', { ...spec, deletionPolicy: 'Retain' });
      await waitForSecret('kept', ({ metadata }) => metadata.ownerReferences === undefined);
      await deleteWithItsOwn(place(), 'kept');
      assert.ok((await secretOf('kept')) !== undefined);
    });

    it('a copy of our Secret beside a JWT of that name in another namespace is not ours', async () => {
      const { stage, objects, tenant } = place();
      await tenant.apply('copied');
      const token = await tenant.waitForToken('copied', (text) => text !== '');
      const { metadata, data, type } = await secretOf('copied');
      assert.equal(metadata.annotations[NAMED], 'keys/copied');
      const { labels, annotations } = metadata;
      await stage.cluster.createNamespace('mirror');
      const copy = { name: 'copied', namespace: 'mirror', labels, annotations };
      await stage.cluster.apply(
        JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: copy, data, type }),
      );
      const jwt = await objects.get('jwts', 'keys', 'copied');
      const here = { name: 'copied', namespace: 'mirror' };
      await stage.cluster.apply(
        JSON.stringify({ apiVersion: jwt.apiVersion, kind: 'JWT', metadata: here, spec: jwt.spec }),
      );
      await objects.waitForCondition('mirror', 'copied', 'Ready', 'False', 'SecretConflict');
      assert.equal(secretText(await objects.get('secrets', 'mirror', 'copied')), token);
    });

    it('a Secret that another controller owns is not changed, and the message names that controller', async () => {
      const { objects, tenant } = place();
      await kubectl('create', 'configmap', 'holder');
      const { stdout } = await kubectl('get', 'configmap', 'holder', '-o', 'jsonpath={.metadata.uid}');
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'holder', uid: stdout, controller: true };
      const annotations = { 'tokens.osg-htc.org/adopt': 'held' };
      await tenant.applySecret('held', { password: 'x' }, { ownerReferences: [owner], annotations });
      await tenant.apply('held');
      const conflict = await waitForConflict('held');
      assert.match(conflict.message, /^Secret held belongs to ConfigMap holder and is left untouched: /);
      assert.doesNotMatch(conflict.message, /adopt|hand it over/);
      assert.deepEqual(Object.keys((await objects.get('secrets', 'keys', 'held')).data), ['password']);
    });

    it('older Secrets, which do not name their JWT, stay ours without a write, until one is due', async () => {
      const { stage, tenant } = place();
      await tenant.apply('unnamed', {}, { labels: { team: 'a' } });
      await tenant.waitForToken('unnamed', (text) => text !== '');
      await stage.service().stop();
      await kubectl('annotate', 'secret', 'unnamed', `${NAMED}-`);
      const before = await secretOf('unnamed');
      await stage.startService();
      await tenant.apply('after-unnamed');
      await tenant.waitForToken('after-unnamed', (text) => text !== '');
      const { metadata } = await secretOf('unnamed');
      assert.equal(metadata.resourceVersion, before.metadata.resourceVersion);
      await kubectl('label', 'jwt', 'unnamed', 'team=b', '--overwrite');
      const written = await waitForSecret('unnamed', (secret) => secret.metadata.labels.team === 'b');
      assert.equal(written.metadata.annotations[NAMED], 'keys/unnamed');
      assert.equal(secretText(written), secretText(before));
    });
  });
}

/**
 * Only for a place where no webhook refuses these specs. The rule of the CRD does not check a namespace that
 * is written in full.
 */
export function describeKeySecrets(place: () => Place): void {
  const kubectl = (...args: readonly string[]) => place().stage.cluster.kubectl([...args, '-n', 'keys']);

  describe('a JWT whose key is in the Secret of its token', () => {
    const ownKey = (name: string) => ({ key: { secret: { name, key: 'key.pem', namespace: 'keys' } } });

    it('gets no token there, for any form of the spec, and the key outlives the JWT', async () => {
      const { objects, tenant } = place();
      await tenant.applySecret('own', { 'key.pem': NRP_KEY });
      const before = await objects.get('secrets', 'keys', 'own');
      await tenant.apply('own', ownKey('own'));
      const { message } = await objects.waitForCondition('keys', 'own', 'Ready', 'False', 'SecretConflict');
      assert.match(message, /^spec\.key\.secret names Secret own, .*Secret of another name/);
      assert.doesNotMatch(message, /delete|adopt|hand it over/i);
      await kubectl('annotate', 'secret', 'own', 'tokens.osg-htc.org/adopt=own');
      await tenant.apply('after-own');
      await tenant.waitForToken('after-own', (text) => text !== '');
      const { data, metadata } = await objects.get('secrets', 'keys', 'own');
      assert.deepEqual([data, metadata.ownerReferences], [before.data, undefined]);
      await kubectl('delete', 'jwt', 'own');
      assert.equal(secretText(await objects.get('secrets', 'keys', 'own'), 'key.pem'), NRP_KEY);
    });

    it('loses the owner reference of that Secret if the key was added later', async () => {
      const { objects, tenant } = place();
      await tenant.apply('later');
      const token = await tenant.waitForToken('later', (text) => text !== '');
      await tenant.apply('later', ownKey('later'));
      await objects.waitForCondition('keys', 'later', 'Ready', 'False', 'SecretConflict');
      const data = { 'key.pem': Buffer.from(NRP_KEY).toString('base64') };
      await kubectl('patch', 'secret', 'later', '--type=merge', '-p', JSON.stringify({ data }));
      const secret = await objects.waitFor(
        'secrets',
        'keys',
        'later',
        ({ metadata }) => metadata.ownerReferences === undefined,
      );
      assert.deepEqual([secretText(secret), secretText(secret, 'key.pem')], [token, NRP_KEY]);
      await objects.waitForCondition('keys', 'later', 'Ready', 'False', 'SecretConflict');
    });

    it('also loses it if the token there does not match the spec any more, and the key outlives the JWT', async () => {
      const { objects, tenant } = place();
      await tenant.apply('edited');
      await tenant.waitForToken('edited', (text) => text !== '');
      await tenant.apply('edited', { ...ownKey('edited'), data: { sub: 'another' } });
      const data = { 'key.pem': Buffer.from(NRP_KEY).toString('base64') };
      await kubectl('patch', 'secret', 'edited', '--type=merge', '-p', JSON.stringify({ data }));
      await objects.waitForCondition('keys', 'edited', 'Ready', 'False', 'SecretConflict');
      const isFree = ({ metadata }: Loose): boolean => metadata.ownerReferences === undefined;
      await objects.waitFor('secrets', 'keys', 'edited', isFree);
      await deleteWithItsOwn(place(), 'edited');
      assert.equal(secretText(await objects.get('secrets', 'keys', 'edited'), 'key.pem'), NRP_KEY);
    });
  });
}
