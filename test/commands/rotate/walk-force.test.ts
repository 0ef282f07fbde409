import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import type { Loose } from '../../integration/objects.ts';
import { keyText, made, startRotating, switched, type Rotating } from './rotating.ts';

const PUBLISH = 'jwt-injector jwks my-jwt -n science --dir DIR';

describe('rotate --force', { timeout: 60_000 }, () => {
  let rotating: Rotating;
  let folder: string;
  beforeEach(async () => {
    rotating = await startRotating();
    folder = await mkdtemp(join(tmpdir(), 'jwt-forced-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
    await rotating[Symbol.asyncDispose]();
  });

  it('publishes the new key together with the old one before a token is signed with it', async () => {
    const jwks = join(folder, 'site/.well-known/issuer.jwks');
    let wasThere = false;
    rotating.begin(made);
    rotating.atNext('PATCH', () => {
      wasThere = existsSync(jwks);
      return undefined;
    });
    const { code, out, err } = await rotating.rotate('--force', '--dir', join(folder, 'site'));
    assert.deepEqual([code, err, wasThere], [0, '', true]);
    const { keys } = JSON.parse(readFileSync(jwks, 'utf8'));
    assert.deepEqual(
      keys.map(({ kid }: Loose) => kid),
      ['old', 'new'],
    );
    const { step, notes, commands } = JSON.parse(out);
    assert.equal(step, 'keep-old');
    assert.match(notes.join(), /refuse the new tokens until .*: copy .*site to your web site$/);
    assert.deepEqual(commands, [`jwt-injector rotate my-jwt -n science --dir=${join(folder, 'site')}`]);
  });

  it('changes nothing if the documents cannot be written', async () => {
    rotating.begin(made);
    const { code, err } = await rotating.rotate('--force', '--dir', '/dev/null/x');
    assert.equal(code, 3);
    assert.match(err, /^error: cannot (read|write) \/dev\/null\/x/);
    assert.equal(rotating.record()?.switchedAt, undefined);
  });

  it('says how to publish the new key, also in later runs', async () => {
    rotating.begin(made);
    const forced = JSON.parse((await rotating.rotate('--force')).out);
    const later = JSON.parse((await rotating.rotate()).out);
    for (const { step, notes, commands } of [forced, later]) {
      assert.deepEqual([step, commands], ['keep-old', [PUBLISH, 'jwt-injector rotate my-jwt -n science']]);
      assert.match(notes.join(), /refuse the new tokens until they have fetched the new key: publish it$/);
    }
  });

  it('ends with the time until which the old tokens are valid, and how to remove their key', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const status = {
      retiredKeys: [{ publicKey: keyText('old'), expiresAt, issuer: 'https://issuer.example.com/' }],
    };
    rotating.begin(switched, { status });
    const { code, out } = await rotating.rotate('--force');
    const { step, until, commands } = JSON.parse(out);
    assert.deepEqual([code, step], [0, 'finish']);
    assert.ok(Date.parse(until) > Date.parse(expiresAt));
    assert.equal(commands[0], `${PUBLISH} --remove=old --force`);
    rotating.begin(switched, { status });
    const human = await rotating.api.run(rotateCommand, 'my-jwt', '-n', 'science', '--force');
    assert.match(
      human.out,
      /^6\. done by force: keep the old key until \d.* UTC; when it is removed before, verifiers refuse/m,
    );
  });
});
