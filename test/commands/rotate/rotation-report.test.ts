import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { rotateCommand } from '../../../src/commands/rotate.ts';
import { ROTATION } from '../../../src/resources/names.ts';
import { createCertificateAuthority } from '../../controlplane/certificates.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import type { Loose } from '../../integration/objects.ts';
import { runCommand, withoutKubeconfig } from '../captured-io.ts';
import { ISSUER, JWT, keyText, startRotating, switched, type Rotating } from './rotating.ts';

describe('the commands that rotate prints have the flags of the run without which they would do something else', () => {
  let folder: string;
  let rotating: Rotating;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-report-'));
    await writeFile(join(folder, 'ca.pem'), (await createCertificateAuthority('private')).certificate);
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    rotating = await startRotating();
    rotating.begin(switched);
  });
  afterEach(() => rotating[Symbol.asyncDispose]());

  const reading = () => `--legacy-key-namespace=vault --ca-file=${join(folder, 'ca.pem')} --timeout=1m`;
  const again = () => `--dir=${join(folder, 'site')} ${reading()}`;
  const rotate = async (): Promise<Loose> => {
    const { out, err } = await rotating.rotate(...again().split(' '));
    assert.equal(err, '');
    return JSON.parse(out);
  };
  const share = (namespace: string): void => {
    const key = { secret: { name: 'my-key', key: 'key.pem', namespace: 'science' } };
    const status = { keyId: 'old', publicKey: keyText('old'), issuer: ISSUER };
    const path = JWT.replace('science', namespace).replace('my-jwt', 'sharing');
    const metadata = { name: 'sharing', namespace };
    rotating.api.objects.set(path, wireJwt({ keyId: 'old', key }, { metadata, status }));
  };

  it('after somebody changed the key back', async () => {
    const jwt = rotating.api.objects.get(JWT);
    jwt.spec.keyId = 'old';
    jwt.status.keyId = 'old';
    const { step, commands } = await rotate();
    assert.equal(step, 'reverted');
    assert.deepEqual(commands, [
      `jwt-injector rotate my-jwt -n science --force ${again()}`,
      `kubectl annotate jwt my-jwt -n science ${ROTATION}-`,
    ]);
  });

  it('with FILE for what came from standard input, which nobody would give the next run', async () => {
    share('science');
    const { kubeconfig } = rotating.api;
    const flags = ['-n', 'science', '-o', 'json', '--ca-file=-', '--kubeconfig', kubeconfig];
    const input = await readFile(join(folder, 'ca.pem'));
    const { out, err } = await runCommand(rotateCommand, ['my-jwt', ...flags], { input });
    assert.equal(err, '');
    const { commands }: Loose = JSON.parse(withoutKubeconfig(out, kubeconfig));
    assert.equal(commands.at(-1), 'jwt-injector rotate my-jwt -n science --ca-file=FILE');
  });

  it('while others need the old key: the next run, the last one by force, and that of another namespace', async () => {
    share('science');
    const { step, commands, notes } = await rotate();
    assert.equal(step, 'await-others');
    assert.equal(commands.at(-1), `jwt-injector rotate my-jwt -n science ${again()}`);
    const forced = `to end this rotation without them: jwt-injector rotate my-jwt -n science --force ${again()}`;
    assert.ok(notes.includes(forced), JSON.stringify(notes));
    share('elsewhere');
    const others = (await rotate()).commands;
    assert.ok(
      others.includes(`jwt-injector rotate sharing -n elsewhere ${reading()}`),
      JSON.stringify(others),
    );
  });
});
