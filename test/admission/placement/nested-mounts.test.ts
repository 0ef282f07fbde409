import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NestedMounts } from '../../../src/admission/placement/nested-mounts.ts';
import { isWithin } from '../../../src/admission/placement/paths.ts';
import { RUNS } from '../generated-pods.ts';
import { annotatedPod, at, container, injected, KEYS, patched, review, type Json } from '../pods.ts';
import { followRemedies } from '../remedies.ts';
import { mount, shape } from '../shapes.ts';

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

function podWith(containers: readonly Json[], spec: Json = {}, annotations: Json = {}): Json {
  return annotatedPod({ volumes: VOLUMES, containers, ...spec }, annotations);
}

/** The message if the pod is refused, each remedy of which has been followed with success; otherwise the reason. */
function outcomeOf(...args: Parameters<typeof podWith>): string {
  const pod = podWith(...args);
  const answer = review(pod);
  if (answer.allowed) return answer.reason;
  const followed = followRemedies(pod, answer.message);
  assert.ok(followed.size > 0, answer.message);
  for (const [remedy, after] of followed) {
    const once = review(after);
    assert.ok(once.allowed, `${remedy}: ${once.message}`);
    const twice = review(patched(after, once));
    assert.equal(twice.reason, 'AlreadyInjected', `${remedy}: ${twice.message}`);
  }
  return answer.message;
}

const TAKES = (where: string, path: string, parent: string, holder = 'app'): string =>
  `${where} volume "cache" at ${path} takes the place of the token in volume "v": in container "${holder}" mount "cache" elsewhere, or remove the mount of "v" at ${parent}`;
const IN_SIDE = 'container "app" cannot see token "my-jwt": in container "side"';

describe('for a mount below another one, the kubelet makes a directory in the other’s volume, which replaces the files there', () => {
  it('below another mount in the same container', () => {
    const app = mounting('app', ['v', '/x'], ['v', '/y'], ['cache', '/y/jwt/cache']);
    assert.equal(outcomeOf([app]), TAKES('container "app":', '/y/jwt/cache', '/y'));
  });

  it('in another container, selected or not, of any list', () => {
    const app = mounting('app', ['v', '/x']);
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    const hidden = TAKES(IN_SIDE, '/y/jwt', '/y', 'side');
    assert.equal(outcomeOf([app, side], {}, { [KEYS.containers]: 'app' }), hidden);
    assert.equal(outcomeOf([app], { initContainers: [side] }, { [KEYS.containers]: 'app' }), hidden);
  });

  it('whatever mounts the other’s volume later, with nothing below', () => {
    const app = mounting('app', ['v', '/x']);
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    const later = mounting('later', ['v', '/z'], ['cache', '/elsewhere']);
    const outcome = outcomeOf([app, side, later], {}, { [KEYS.containers]: 'app' });
    assert.equal(outcome, TAKES(IN_SIDE, '/y/jwt', '/y', 'side'));
  });

  it('below a mount with a subPath, too, at its root', () => {
    const app = mounting('app', ['v', '/x', 'jwt'], ['v', '/y', 'other'], ['cache', '/y/jwt']);
    assert.equal(outcomeOf([app]), TAKES('container "app":', '/y/jwt', '/y'));
  });

  it('also if the volume is mounted at the root', () => {
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    const outcome = outcomeOf([mounting('app', ['v', '/']), side], {}, { [KEYS.containers]: 'app' });
    assert.equal(outcome, TAKES(IN_SIDE, '/y/jwt', '/y', 'side'));
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
    assert.equal(outcome('a', 'b'), TAKES(IN_SIDE, '/y/a', '/y', 'side'));
  });

  it('and the other one is not to be removed where a new mount of its volume would come to the same place', () => {
    const volumes = [...VOLUMES, { name: 'more', secret: { secretName: 'my-jwt' } }];
    const app = mounting('app', ['v', '/q'], ['cache', '/q/jwt']);
    assert.equal(
      outcomeOf([app], { volumes }, { [KEYS.mountPath]: '/q' }),
      'container "app": volume "cache" at /q/jwt hides the token file /q/jwt/token: mount "cache" elsewhere',
    );
    const side = mounting('side', ['v', '/q'], ['cache', '/q/jwt']);
    assert.equal(
      outcomeOf([mounting('app', ['v', '/y']), side], { volumes }, { [KEYS.mountPath]: '/q' }),
      `${IN_SIDE} volume "cache" at /q/jwt takes the place of the token in volume "v": in container "side" mount "cache" elsewhere`,
    );
  });

  it('named by the first mount that does it, of one container or of several', () => {
    const app = mounting('app', ['v', '/x']);
    const first = mounting('side', ['v', '/y'], ['cache', '/y/jwt/a'], ['cache', '/y/jwt/b']);
    const second = mounting('second', ['v', '/z'], ['cache', '/z/jwt']);
    for (const sides of [[first], [first, second]]) {
      const answer = review(podWith([app, ...sides], {}, { [KEYS.containers]: 'app' }));
      assert.equal(answer.message, TAKES(IN_SIDE, '/y/jwt/a', '/y', 'side'));
    }
  });

  it('so a new mount of the volume does not show it either, wherever it is', () => {
    const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt']);
    for (const path of ['/one', '/other']) {
      const annotations = { [KEYS.mountPath]: path, [KEYS.containers]: 'app' };
      const outcome = outcomeOf([mounting('app'), side], {}, annotations);
      assert.equal(outcome, TAKES(IN_SIDE, '/y/jwt', '/y', 'side'));
    }
  });

  it('which is never said to be at the mount path of a container that has nothing there', () => {
    const side = mounting('side', ['v', '/var/run/secrets'], ['cache', '/var/run/secrets/jwt']);
    const outcome = outcomeOf([mounting('app'), side], {}, { [KEYS.containers]: 'app' });
    assert.equal(
      outcome,
      `${IN_SIDE} volume "cache" at /var/run/secrets/jwt takes the place of the token in volume "v": in container "side" mount "cache" elsewhere`,
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

  it('for a new mount as well, of the volume itself', () => {
    const app = mounting('app', ['v', '/var/run/secrets', 'other']);
    assert.equal(
      outcomeOf([app]),
      `container "app": volume "v" at /var/run/secrets/jwt takes the place of the token in volume "v": set annotation ${KEYS.mountPath} to another directory, or in container "app" mount "v" elsewhere than at /var/run/secrets`,
    );
  });

  it('but not for a new mount elsewhere in the volume, beside it, or below one at the root', () => {
    const other = (path: string): Json => mounting('app', ['v', path, 'other']);
    assert.equal(outcomeOf([other('/var/run')]), 'Injected');
    assert.equal(outcomeOf([other('/as/long/as/that')]), 'Injected');
    assert.equal(outcomeOf([other('/')], {}, { [KEYS.mountPath]: '/-jwt' }), 'Injected');
  });
});

describe('a token is mounted from a place that nothing takes', () => {
  const side = mounting('side', ['v', '/y'], ['cache', '/y/jwt'], ['more', '/z']);
  const secret = (name: string, ...paths: readonly string[]): Json => ({
    name,
    secret: { secretName: 'my-jwt', items: paths.map((path) => ({ key: 'token', path })) },
  });
  const CACHE = { name: 'cache', emptyDir: {} };
  const mountedIn = (volumes: readonly Json[]): readonly unknown[] => {
    const pod = injected(podWith([mounting('app'), side], { volumes }, { [KEYS.containers]: 'app' }));
    assert.equal(review(pod).reason, 'AlreadyInjected');
    const app = at(pod, 'spec', 'containers', 0);
    return [at(app, 'volumeMounts', 0, 'name'), at(app, 'env', 0, 'value')];
  };

  it('in another volume of its Secret', () => {
    const volumes = [secret('v', 'jwt/token'), secret('more', 'token'), CACHE];
    assert.deepEqual(mountedIn(volumes), ['more', '/var/run/secrets/jwt/token']);
  });

  it('in another file of the volume', () => {
    const more = { name: 'more', emptyDir: {} };
    const volumes = [secret('v', 'jwt/token', 'second'), more, CACHE];
    assert.deepEqual(mountedIn(volumes), ['v', '/var/run/secrets/jwt/second']);
  });

  it('and the first of them if all are free', () => {
    const volumes = [secret('v', 'free', 'second'), secret('more', 'token'), CACHE];
    assert.deepEqual(mountedIn(volumes), ['v', '/var/run/secrets/jwt/free']);
  });
});

it('whatever is mounted where, a part of a volume is replaced if and only if something is mounted there below it', () => {
  const paths = fc
    .array(fc.constantFrom('a', 'b', 'a-b', 'a0', 'b.c'), { maxLength: 4 })
    .map((parts) => `/${parts.join('/')}`);
  const mounts = fc.array(fc.tuple(fc.constantFrom('v', 'w', 'other'), paths), { maxLength: 8 });
  const showing = [
    new Map([['v', ['a/token', 'b']]]),
    new Map([
      ['w', ['a-b']],
      ['v', ['b.c/x']],
    ]),
  ];
  fc.assert(
    fc.property(fc.array(mounts, { maxLength: 3 }), (containers) => {
      const shapes = containers.map((each) => shape(each.map(([volume, path]) => mount(volume, path))));
      const nested = new NestedMounts(shapes, showing);
      for (const [volume, file] of [
        ['v', 'a/token'],
        ['v', 'b'],
        ['w', 'a-b'],
        ['v', 'b.c/x'],
      ] as const) {
        const [part] = file.split('/');
        const isReplaced = shapes.some((each) =>
          each.mounts.some(
            (parent) =>
              parent.volume === volume &&
              parent.path !== '/' &&
              each.mounts.some(({ path }) => isWithin(`${parent.path}/${part}`, path)),
          ),
        );
        assert.equal(nested.covers(volume, file), isReplaced, `${volume} ${file}`);
      }
    }),
    RUNS,
  );
});
