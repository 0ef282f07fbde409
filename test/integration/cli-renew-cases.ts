import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { explainCommand } from '../../src/commands/explain.ts';
import { renewCommand } from '../../src/commands/renew.ts';
import { rotateCommand } from '../../src/commands/rotate.ts';
import { NUDGED_AT, ROTATION } from '../../src/resources/names.ts';
import { makeKey } from '../fixtures/keys.ts';
import { callWithRights, onJwts } from './call-with-rights.ts';
import { IN_SCIENCE, type World } from './cli-world.ts';
import { makeNode, podOnNode } from './pods-on-node.ts';

/** `renew` while jwt-injector runs, then the output after jwt-injector was stopped. */
export function describeRenew(world: () => World): void {
  const explain = (...args: readonly string[]) => world().admin.run(explainCommand, ...args, ...IN_SCIENCE);

  describe('renew', () => {
    it('signs a new token and shows both', async () => {
      const old = (await world().objects.get('jwts', 'science', 'ready')).status.tokenId;
      const { code, out } = await world().admin.run(renewCommand, 'ready', ...IN_SCIENCE);
      const fresh = (await world().objects.get('jwts', 'science', 'ready')).status.tokenId;
      assert.equal(code, 0);
      assert.notEqual(fresh, old);
      const lines = out.split('\n');
      assert.equal(lines[0], 'JWT science/ready: renewed');
      assert.match(lines[1] ?? '', new RegExp(`^  before +${old} +expires .* UTC, in (1 d|23 h 59 min)$`));
      assert.match(lines[2] ?? '', new RegExp(`^  now +${fresh} +expires .* UTC, in (1 d|23 h 59 min)$`));
    });

    it('gives each of several concurrent requests a token that was signed after it', async () => {
      const old = (await world().objects.get('jwts', 'science', 'ready')).status.tokenId;
      const renewals = await Promise.all(
        Array.from({ length: 4 }, () =>
          world().admin.run(renewCommand, 'ready', '-o', 'json', ...IN_SCIENCE),
        ),
      );
      for (const { code, out, err } of renewals) {
        assert.equal(code, 0, err);
        assert.notEqual(JSON.parse(out).after.tokenId, old);
      }
    });

    it('nudges with --prompt the pods that mount the token, and no others', async () => {
      const { cluster } = world().stage;
      await makeNode(cluster, 'prompt');
      // A JWT of its own: after five renewals within a minute the next ones wait.
      await world().science.apply('prompted');
      await world().objects.waitForCondition('science', 'prompted', 'Ready', 'True');
      const mounts = { mounts: 'prompted', 'mounts-other': 'other' };
      for (const [name, secret] of Object.entries(mounts))
        await cluster.apply(podOnNode({ namespace: 'science', name }, 'prompt', [{ secret }]));
      const { code, out, err } = await world().admin.run(renewCommand, 'prompted', '--prompt', ...IN_SCIENCE);
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^ {2}1 pod sees it within a second or two$/m);
      const nudged = async (name: string): Promise<unknown> =>
        (await world().objects.get('pods', 'science', name)).metadata.annotations?.[NUDGED_AT];
      assert.match(String(await nudged('mounts')), /^\d{4}-/);
      assert.equal(await nudged('mounts-other'), undefined);
    });

    it('also renews the token with --prompt for a user who is not allowed to patch pods, and says who can help', async () => {
      const renewer = await callWithRights(
        world().stage.cluster,
        'science/renewer',
        { here: [onJwts('get', 'patch'), { apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
        world().printed,
      );
      const { code, out, err } = await renewer.run(renewCommand, 'prompted', '--prompt');
      assert.equal(code, 3);
      assert.match(out, /^JWT science\/prompted: renewed$/m);
      assert.match(
        err,
        /^error: you are not allowed to change pods in namespace science: ask an administrator/,
      );
    });

    it('only needs the rights that its help names', async () => {
      const { cluster } = world().stage;
      const prompter = await callWithRights(
        cluster,
        'science/prompter',
        {
          here: [onJwts('get', 'patch'), { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] }],
        },
        world().printed,
      );
      const { code, out, err } = await prompter.run(renewCommand, 'prompted', '--prompt');
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^ {2}1 pod sees it within a second or two$/m);
      await cluster.kubectl(['delete', 'jwt', 'prompted', ...IN_SCIENCE]); // later tests count them
    });

    it('does not wait with --no-wait', async () => {
      const { code, out } = await world().admin.run(
        renewCommand,
        'jwt/ready',
        '--no-wait',
        '-o',
        'json',
        ...IN_SCIENCE,
      );
      assert.equal(code, 0);
      const { requested } = JSON.parse(out);
      await world().objects.waitFor(
        'jwts',
        'science',
        'ready',
        ({ status }) => status.lastRenew === requested,
      );
    });

    it('gives the message of the condition if nothing can be signed', async () => {
      const { code, out, err } = await world().admin.run(
        renewCommand,
        'keyless',
        '--timeout',
        '1s',
        ...IN_SCIENCE,
      );
      assert.deepEqual([code, out], [1, '']);
      assert.match(
        err,
        /^error: JWT science\/keyless gets no new token: key Secret science\/no-key does not exist: kubectl/,
      );
      assert.match(err, /The request stays, and is served as soon as that is fixed\./);
    });
  });

  const NOT_SIGNED = /no token is signed with it yet: key Secret science\/no-key does not exist/;

  it('rotate says why nothing is signed with the new key of the JWT', async () => {
    const key = createPublicKey(makeKey('ES256')).export({ format: 'jwk' });
    const switchedAt = new Date(Date.now() - 2 * 60_000).toISOString();
    const publicKey = { ...key, kid: 'new', alg: 'ES256' };
    const record = JSON.stringify({ secret: 'no-key', publicKey, previousKeyId: 'old', switchedAt });
    await world().science.apply('switched');
    await world().objects.waitForCondition('science', 'switched', 'Ready', 'True');
    const patch = {
      metadata: { annotations: { [ROTATION]: record } },
      spec: { keyId: 'new', key: { value: null, secret: { name: 'no-key', key: 'key.pem' } } },
    };
    const { kubectl } = world().stage.cluster;
    await kubectl(['patch', 'jwt/switched', ...IN_SCIENCE, '--type=merge', '-p', JSON.stringify(patch)]);
    await world().objects.waitForCondition('science', 'switched', 'KeyAvailable', 'False', 'KeyNotFound');
    const { code, err } = await world().admin.run(rotateCommand, 'switched', ...IN_SCIENCE);
    assert.equal(code, 3);
    assert.match(err, NOT_SIGNED);
    assert.doesNotMatch(err, /running/);
  });

  describe('when jwt-injector is not running', () => {
    before(async () => {
      await world().stage.service().stop();
      await world().science.apply('early');
    });

    it('explain says what would be done with a JWT that was not processed yet', async () => {
      const { code, out } = await explain('jwt', 'early');
      assert.equal(code, 1);
      assert.match(out, /^JWT science\/early: jwt-injector has not processed it yet$/m);
      assert.match(
        out,
        /read the private key \(in the JWT itself \(spec\.key\.value\); not read here\) and sign a new token, because there is no Secret of its name yet/,
      );
      assert.match(out, /jwt-injector is not running:\n {2}kubectl get pods -n jwt-injector$/m);
      assert.match(out, /^ {2}1\. +now +expires/m);
    });

    it('renew says that it does not run', async () => {
      const { code, err } = await world().admin.run(
        renewCommand,
        'early',
        '--timeout',
        '500ms',
        ...IN_SCIENCE,
      );
      assert.equal(code, 3);
      assert.match(
        err,
        /no new token for JWT science\/early within 0\.5 s: jwt-injector has not been running for .*: kubectl get pods/,
      );
    });

    const KEYLESS =
      /^error: JWT science\/keyless gets no new token: key Secret science\/no-key does not exist/;
    const renewKeyless = () =>
      world().admin.run(renewCommand, 'keyless', '--timeout', '500ms', ...IN_SCIENCE);

    it('renew says that it does not run, and names other problems', async () => {
      const { code, err } = await renewKeyless();
      assert.equal(code, 3);
      assert.match(err, KEYLESS);
      assert.match(
        err,
        /^Besides, jwt-injector has not been running for .*: kubectl get pods -n jwt-injector$/m,
      );
    });

    it('rotate reports both, too', async () => {
      const { code, err } = await world().admin.run(rotateCommand, 'switched', ...IN_SCIENCE);
      assert.equal(code, 3);
      assert.match(err, NOT_SIGNED);
      assert.match(err, /; besides, jwt-injector has not been running for /);
      await world().stage.cluster.kubectl(['delete', 'jwt', 'switched', ...IN_SCIENCE]);
    });

    it('renew names the other problems if the namespace of jwt-injector is not known', async () => {
      await world().stage.cluster.kubectl(['delete', 'lease', 'jwt-injector', '-n', 'jwt-injector']);
      const { code, err } = await renewKeyless();
      assert.equal(code, 1);
      assert.match(err, KEYLESS);
      assert.doesNotMatch(err, /not running/);
    });
  });
}
