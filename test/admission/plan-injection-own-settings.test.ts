import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  annotatedPod,
  at,
  container,
  DIRECTORY,
  ENV,
  injected,
  KEYS,
  MOUNT,
  review,
  VOLUME,
  type Json,
} from './pods.ts';

/** A user's own volume that shows the token, and its mounts. */
const MINE = { name: 'mine', secret: { secretName: 'my-jwt' } };
const OTHER = { name: 'data', emptyDir: {} };

function podWith(
  volumes: readonly Json[],
  volumeMounts: readonly Json[],
  more: Json = {},
  annotations: Json = {},
): Json {
  return annotatedPod({ volumes, containers: [container('app', { volumeMounts, ...more })] }, annotations);
}

function envAfter(pod: Json): unknown {
  return at(injected(pod), 'spec', 'containers', 0, 'env');
}

describe('a volume counts as the token’s by its source', () => {
  const sources: readonly { title: string; volume: Json; file: string }[] = [
    { title: 'a Secret volume without items', volume: { secret: { secretName: 'my-jwt' } }, file: 'token' },
    {
      title: 'a Secret volume that renames the key',
      volume: { secret: { secretName: 'my-jwt', items: [{ key: 'token', path: 'a/./b' }] } },
      file: 'a/b',
    },
    {
      title: 'a projected volume',
      volume: { projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 'my-jwt' } }] } },
      file: 'token',
    },
    {
      title: 'a projected volume that renames the key',
      volume: {
        projected: { sources: [{ secret: { name: 'my-jwt', items: [{ key: 'token', path: 't' }] } }] },
      },
      file: 't',
    },
  ];
  for (const { title, volume, file } of sources) {
    it(`${title} is reused`, () => {
      const pod = injected(podWith([{ name: 'mine', ...volume }], []));
      assert.equal(Object.keys(Object(at(pod, 'spec', 'volumes'))).length, 1);
      assert.deepEqual(at(pod, 'spec', 'containers', 0, 'volumeMounts', 0), { ...MOUNT, name: 'mine' });
      assert.deepEqual(at(pod, 'spec', 'containers', 0, 'env', 0), { ...ENV, value: `${DIRECTORY}/${file}` });
    });

    it(`a mount of ${title} is reused wherever it is`, () => {
      const volumes = [{ name: 'mine', ...volume }];
      const pod = podWith(volumes, [{ name: 'mine', mountPath: '/creds' }]);
      const answer = review(pod);
      assert.deepEqual(answer.operations, [
        { op: 'add', path: '/spec/containers/0/env', value: [{ ...ENV, value: `/creds/${file}` }] },
      ]);
      assert.deepEqual(answer.warnings, []);
    });
  }

  it('but not a volume without the key', () => {
    const hidden = { name: 'mine', secret: { secretName: 'my-jwt', items: [{ key: 'x', path: 'token' }] } };
    assert.equal(Object.keys(Object(at(injected(podWith([hidden], [])), 'spec', 'volumes'))).length, 2);
  });

  it('so the NRP page’s complete Deployment with the annotation needs no change', () => {
    const volumes = [{ name: 'my-jwt', secret: { secretName: 'my-jwt' } }];
    const env = [{ name: 'BEARER_TOKEN_FILE', value: '/var/run/secrets/jwt/token' }];
    const answer = review(podWith(volumes, [{ mountPath: DIRECTORY, name: 'my-jwt' }], { env }));
    assert.deepEqual([answer.reason, answer.operations, answer.warnings], ['AlreadyInjected', [], []]);
  });

  it('and a mount that names our missing volume is a mount of it', () => {
    const pod = injected(podWith([], [{ name: 'jwt-my-jwt', mountPath: '/creds' }]));
    assert.deepEqual(at(pod, 'spec', 'volumes'), [VOLUME]);
    assert.equal(at(pod, 'spec', 'containers', 0, 'volumeMounts', 1), undefined);
  });
});

describe('the path in the variable', () => {
  const cases: readonly { title: string; mount: Json; value: string; refreshes?: boolean }[] = [
    { title: 'has each $ escaped', mount: { mountPath: '/a$(B)/$' }, value: '/a$$(B)/$$/token' },
    {
      title: 'begins with / also for a relative mountPath',
      mount: { mountPath: 'creds' },
      value: '/creds/token',
    },
    { title: 'is normalised', mount: { mountPath: '/a//./b/../c/' }, value: '/a/c/token' },
    {
      title: 'is the file itself for a subPath of it, which never refreshes',
      mount: { mountPath: '/creds/jwt', subPath: 'token' },
      value: '/creds/jwt',
      refreshes: false,
    },
    {
      title: 'is the same for a subPathExpr without a variable as for a subPath',
      mount: { mountPath: '/creds/jwt', subPathExpr: './token' },
      value: '/creds/jwt',
      refreshes: false,
    },
  ];
  for (const { title, mount, value, refreshes = true } of cases) {
    it(title, () => {
      const pod = podWith([MINE], [{ name: 'mine', ...mount }]);
      assert.deepEqual(envAfter(pod), [{ ...ENV, value }]);
      const warnings = refreshes
        ? []
        : ['container "app": mounts of "my-jwt" by subPath never see a renewed token'];
      assert.deepEqual(review(pod).warnings, warnings);
    });
  }

  it('is in a mount that refreshes if there is one', () => {
    const mounts = [
      { name: 'mine', mountPath: '/file', subPath: 'token' },
      { name: 'mine', mountPath: '/creds' },
    ];
    assert.deepEqual(envAfter(podWith([MINE], mounts)), [{ ...ENV, value: '/creds/token' }]);
    assert.deepEqual(review(podWith([MINE], mounts)).warnings, []);
  });

  it('is never in a subPath that hides the token', () => {
    const pod = injected(podWith([MINE], [{ name: 'mine', mountPath: '/x', subPath: 'other' }]));
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'volumeMounts', 1), { ...MOUNT, name: 'mine' });
  });

  it('is never in a subPathExpr with a variable: only the kubelet knows it', () => {
    const pod = injected(podWith([MINE], [{ name: 'mine', mountPath: '/x', subPathExpr: '$(POD)' }]));
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'volumeMounts', 1), { ...MOUNT, name: 'mine' });
  });
});

describe('a variable that is set already is kept', () => {
  const quiet = [DIRECTORY + '/token', '/var/run//secrets/./jwt/token', '/var/run/secrets/jwt/../jwt/token'];
  for (const value of quiet) {
    it(`without a warning when it names the file: ${value}`, () => {
      const answer = review(podWith([], [], { env: [{ name: 'BEARER_TOKEN_FILE', value }] }));
      assert.ok(answer.operations.every(({ path }) => !path.includes('/env')));
      assert.deepEqual(answer.warnings, []);
    });
  }

  it('with a warning when it names another file', () => {
    const answer = review(podWith([], [], { env: [{ name: 'BEARER_TOKEN_FILE', value: '/etc/passwd' }] }));
    assert.ok(answer.operations.every(({ path }) => !path.includes('/env')));
    assert.match(
      answer.warnings[0] ?? '',
      /container "app": BEARER_TOKEN_FILE is set to "\/etc\/passwd": kept; the token is/,
    );
  });

  it('with a warning when it is set by valueFrom', () => {
    const env = [{ name: 'BEARER_TOKEN_FILE', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
    const answer = review(podWith([], [], { env }));
    assert.ok(answer.operations.every(({ path }) => !path.includes('/env')));
    assert.match(answer.warnings[0] ?? '', /is set by valueFrom: kept/);
  });

  it('without a warning when it names any of several mounts', () => {
    const mounts = [
      { name: 'mine', mountPath: '/a' },
      { name: 'mine', mountPath: '/b' },
    ];
    const answer = review(
      podWith([MINE], mounts, { env: [{ name: 'BEARER_TOKEN_FILE', value: '/b/token' }] }),
    );
    assert.deepEqual([answer.reason, answer.warnings], ['AlreadyInjected', []]);
  });

  it('without a warning when a $ in it is escaped', () => {
    const env = [{ name: 'BEARER_TOKEN_FILE', value: '/a$$b/token' }];
    const answer = review(podWith([MINE], [{ name: 'mine', mountPath: '/a$b' }], { env }));
    assert.deepEqual([answer.reason, answer.warnings], ['AlreadyInjected', []]);
  });

  it('with a warning when a mount of another container takes the place of the file that it names', () => {
    const items = ['deep/token', 'token'].map((path) => ({ key: 'token', path }));
    const volumes = [{ name: 'mine', secret: { secretName: 'my-jwt', items } }];
    const env = [{ name: 'BEARER_TOKEN_FILE', value: `${DIRECTORY}/token` }];
    const below = [{ name: 'cache', mountPath: `${DIRECTORY}/token/cache` }];
    const initContainers = [container('init', { volumeMounts: below })];
    const answer = review(annotatedPod({ volumes, initContainers, containers: [container('app', { env })] }));
    assert.match(answer.warnings.join(), /"app": BEARER_TOKEN_FILE is set to .*: kept; .*\/deep\//);
  });

  it('also if the user chose another name for it', () => {
    const env = [{ name: 'TOKEN_FILE', value: '/x' }];
    const answer = review(podWith([], [], { env }, { [KEYS.envVar]: 'TOKEN_FILE' }));
    assert.match(answer.warnings[0] ?? '', /TOKEN_FILE is set to "\/x": kept/);
  });
});

describe('a volume with the name of ours and another source', () => {
  const sources: readonly [string, Json][] = [
    ['hostPath', { hostPath: { path: '/etc' } }],
    ['emptyDir', { emptyDir: {} }],
    ['secret', { secret: { secretName: 'other' } }],
    ['secret', { secret: { secretName: 'my-jwt', items: [{ key: 'ca.crt', path: 'ca' }] } }],
  ];
  for (const [kind, source] of sources) {
    it(`is refused: ${JSON.stringify(source)}`, () => {
      const answer = review(podWith([{ name: 'jwt-my-jwt', ...source }], []));
      assert.deepEqual([answer.allowed, answer.reason], [false, 'VolumeNameTaken']);
      assert.ok(answer.message.startsWith(`volume "jwt-my-jwt" is of kind ${kind} `), answer.message);
      assert.match(answer.message, /give that volume another name$/);
    });
  }

  it('does not matter if the token has a volume of another name', () => {
    const volumes = [{ name: 'jwt-my-jwt', emptyDir: {} }, MINE];
    assert.equal(review(podWith(volumes, [])).reason, 'Injected');
    assert.equal(review(podWith([OTHER], [])).reason, 'Injected');
  });
});
