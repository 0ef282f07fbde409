import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { startStoredApi } from '../stored-api.ts';

const SCIENCE = '/api/v1/namespaces/science';

describe('explain of a pod that names a token', () => {
  /** Its JWT has this Ready condition, or there is none; a Secret has its name. */
  const explainToken = async (
    ready: { status: string; reason: string; message: string } | undefined,
    hasSecret = true,
  ) => {
    await using api = await startStoredApi();
    const annotations = { 'tokens.osg-htc.org/token': 'my-jwt' };
    const metadata = { name: 'a', namespace: 'science', annotations };
    const spec = { containers: [{ name: 'main', image: 'x' }] };
    api.objects.set(SCIENCE, { metadata: { name: 'science' } });
    api.objects.set(`${SCIENCE}/pods/a`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
    if (hasSecret)
      api.objects.set(`${SCIENCE}/secrets/my-jwt`, { metadata: { name: 'my-jwt', namespace: 'science' } });
    const status = { conditions: [{ type: 'Ready', ...ready }] };
    if (ready !== undefined)
      api.objects.set('/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt', wireJwt({}, { status }));
    const { code, out } = await api.run(explainCommand, 'pod', 'a', '-n', 'science');
    return { code, line: /^ {2}my-jwt {2,}.*$/m.exec(out)?.[0] ?? '' };
  };
  const condition = (status: string, reason: string) => ({ status, reason, message: 'so it is' });

  it('says that it is available if the JWT is Ready', async () => {
    const { code, line } = await explainToken(condition('True', 'Signed'));
    assert.equal(code, 0);
    assert.match(line, /my-jwt +available +the Secret exists; the JWT is Ready/);
  });

  it('does not say so if the JWT is not Ready, or the Secret belongs to another owner', async () => {
    for (const [ready, says] of [
      [
        condition('False', 'KeyNotFound'),
        /not Ready +the Secret exists; the JWT is not Ready: KeyNotFound: so it is/,
      ],
      [condition('Unknown', 'KeyNotFound'), /not Ready +the Secret exists; the JWT is not Ready/],
      [
        condition('False', 'SecretConflict'),
        /not Ready +the Secret of that name is not the JWT's: a pod gets what is there as token, and waits if there is nothing; the JWT is not Ready: SecretConflict/,
      ],
      [
        undefined,
        /not Ready +the Secret of that name is not a JWT's: a pod gets what is there as token, and waits if there is nothing; there is no JWT "my-jwt"/,
      ],
    ] as const) {
      const { code, line } = await explainToken(ready);
      assert.equal(code, 1, line);
      assert.match(line, says);
    }
  });

  it('says that it is missing without a Secret', async () => {
    const { code, line } = await explainToken(undefined, false);
    assert.equal(code, 1);
    assert.match(line, /missing +there is no Secret of that name yet/);
  });
});

describe('explain pod NAME', () => {
  it('says of a pod that was made without its token that it has none, and what helps', async () => {
    await using api = await startStoredApi();
    const explain = async (more: object) => {
      const annotations = { 'tokens.osg-htc.org/token': 'my-jwt' };
      const metadata = { name: 'a', namespace: 'science', annotations, ...more };
      const spec = { containers: [{ name: 'main', image: 'x' }] };
      api.objects.set(SCIENCE, { metadata: { name: 'science' } });
      api.objects.set(`${SCIENCE}/pods/a`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
      return (await api.run(explainCommand, 'pod', 'a', '-n', 'science')).out;
    };
    const bare = await explain({});
    assert.match(bare, /^Pod science\/a: has no token; a new pod gets it \(Injected\)$/m);
    assert.match(bare, /^A new pod, before and after:$/m);
    assert.match(bare, /^note: this pod runs without its token: .* create it again with its annotation$/m);
    const owned = await explain({
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-7d9', controller: true }],
    });
    assert.match(owned, /Delete it, and ReplicaSet web-7d9 makes another one; /);
  });

  it('names its manager, with a command for its own namespace that is quoted for a shell', async () => {
    await using api = await startStoredApi();
    const pod = (name: string, owner: string): void => {
      const ownerReferences = [{ kind: 'ReplicaSet', name: owner, controller: true }];
      const metadata = { name, namespace: 'science', ownerReferences };
      const spec = { containers: [{ name: 'main', image: 'x' }] };
      const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
      api.objects.set(`/api/v1/namespaces/science/pods/${name}`, object);
    };
    api.objects.set('/api/v1/namespaces/science', { metadata: { name: 'science' } });
    pod('made', 'web-7d9');
    pod('forged', 'x; reboot');
    const explain = (name: string) => api.run(explainCommand, 'pod', name, '-n', 'science');
    assert.match((await explain('made')).out, /\(jwt-injector explain replicaset web-7d9 -n science\)/);
    assert.match((await explain('forged')).out, /\(jwt-injector explain replicaset 'x; reboot' -n science\)/);
  });
});
