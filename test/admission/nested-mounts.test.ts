import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotatedPod, container, KEYS, review, type Json } from './pods.ts';

const VOLUMES = [
  { name: 'v', secret: { secretName: 'my-jwt', items: [{ key: 'token', path: 'jwt/token' }] } },
  { name: 'cache', emptyDir: {} },
];

function mounting(name: string, ...mounts: readonly (readonly [string, string, string?])[]): Json {
  const volumeMounts = mounts.map(([volume, mountPath, subPath = '']) => ({
    name: volume,
    mountPath,
    subPath,
  }));
  return container(name, { volumeMounts });
}

/** The message if the pod is refused; otherwise the reason. */
function outcomeOf(containers: readonly Json[], spec: Json = {}, annotations: Json = {}): string {
  const answer = review(annotatedPod({ volumes: VOLUMES, containers, ...spec }, annotations));
  return answer.allowed ? answer.reason : answer.message;
}

const HIDDEN = (path: string, file: string, remedy: string): string =>
  `container "app": volume "cache" at ${path} hides the token file ${file}: mount "cache" elsewhere, or remove the mount of "v" at ${remedy}`;

describe('for a mount below another one, the kubelet makes a directory in the other’s volume, which replaces the files there', () => {
  it('below another mount in the same container', () => {
    const app = mounting('app', ['v', '/x'], ['v', '/y'], ['cache', '/y/jwt/cache']);
    assert.equal(outcomeOf([app]), HIDDEN('/y/jwt/cache', '/x/jwt/token', '/x'));
  });

  it('in another container, selected or not, of any list', () => {
    const app = mounting('app', ['v', '/x']);
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    const hidden = HIDDEN('/y/jwt', '/x/jwt/token', '/x');
    assert.equal(outcomeOf([app, side], {}, { [KEYS.containers]: 'app' }), hidden);
    assert.equal(outcomeOf([app], { initContainers: [side] }, { [KEYS.containers]: 'app' }), hidden);
  });

  it('whatever mounts the other’s volume later, with nothing below', () => {
    const app = mounting('app', ['v', '/x']);
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    const later = mounting('later', ['v', '/z'], ['cache', '/elsewhere']);
    const outcome = outcomeOf([app, side, later], {}, { [KEYS.containers]: 'app' });
    assert.equal(outcome, HIDDEN('/y/jwt', '/x/jwt/token', '/x'));
  });

  it('below a mount with a subPath, too, at its root', () => {
    const app = mounting('app', ['v', '/x', 'jwt'], ['v', '/y', 'other'], ['cache', '/y/jwt']);
    assert.equal(outcomeOf([app]), HIDDEN('/y/jwt', '/x/token', '/x'));
  });

  it('also if the volume is mounted at the root', () => {
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    const outcome = outcomeOf([mounting('app', ['v', '/']), side]);
    assert.equal(outcome, HIDDEN('/y/jwt', '/jwt/token', '/'));
  });

  it('where the volume shows the token at several paths, for each of them', () => {
    const items = ['a', 'b'].map((directory) => ({ key: 'token', path: `${directory}/token` }));
    const volumes = [VOLUMES[1], { name: 'v', secret: { secretName: 'my-jwt', items } }];
    const outcome = (...nested: readonly string[]): string => {
      const below = nested.map((path) => ['cache', `/y/${path}`] as const);
      return outcomeOf(
        [mounting('app', ['v', '/x']), mounting('side', ['v', '/y'], ...below)],
        { volumes },
        {
          [KEYS.containers]: 'app',
        },
      );
    };
    assert.equal(outcome('a'), 'Injected');
    assert.equal(outcome('b'), 'Injected');
    assert.equal(outcome('a', 'b'), HIDDEN('/y/a', '/x/a/token', '/x'));
  });

  it('named by the first mount that does it, of one container or of several', () => {
    const app = mounting('app', ['v', '/x']);
    const first = mounting('first', ['v', '/y'], ['cache', '/y/jwt/a'], ['cache', '/y/jwt/b']);
    const second = mounting('second', ['v', '/z'], ['cache', '/z/jwt']);
    for (const sides of [[first], [first, second]])
      assert.equal(
        outcomeOf([app, ...sides], {}, { [KEYS.containers]: 'app' }),
        HIDDEN('/y/jwt/a', '/x/jwt/token', '/x'),
      );
  });

  it('so a new mount of the volume does not show it either', () => {
    const app = mounting('app');
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    assert.match(
      outcomeOf([app, side]),
      /^container "app": volume "cache" at \/y\/jwt hides the token file /,
    );
  });

  it('but not if the mount is elsewhere in the volume, beside it, or below one at the root', () => {
    const app = mounting('app', ['v', '/x']);
    for (const side of [
      mounting('side', ['v', '/y'], ['cache', '/y/other/jwt']),
      mounting('side', ['v', '/y'], ['cache', '/y/jwt2']),
      mounting('side', ['v', '/y'], ['cache', '/yy/jwt']),
      mounting('side', ['v', '/'], ['cache', '/jwt']),
      mounting('side', ['cache', '/y'], ['v', '/y/jwt']),
    ])
      assert.equal(outcomeOf([app, side], {}, { [KEYS.containers]: 'app' }), 'Injected');
  });

  it('for a new mount as well, which is refused below a subPath of a volume with a token', () => {
    const app = mounting('app', ['v', '/var/run/secrets', 'other']);
    assert.equal(
      outcomeOf([app]),
      `container "app": a mount at /var/run/secrets/jwt, below volume "v", hides the token file in that volume: set annotation ${KEYS.mountPath} to another directory, or mount "v" elsewhere`,
    );
    assert.equal(outcomeOf([app], {}, { [KEYS.mountPath]: '/creds' }), 'Injected');
  });

  it('but which is not refused elsewhere in the volume, beside it, or below one at the root', () => {
    const other = (path: string): Json => mounting('app', ['v', path, 'other']);
    assert.equal(outcomeOf([other('/var/run')]), 'Injected');
    assert.equal(outcomeOf([other('/as/long/as/that')]), 'Injected');
    assert.equal(outcomeOf([other('/')], {}, { [KEYS.mountPath]: '/-jwt' }), 'Injected');
  });
});
