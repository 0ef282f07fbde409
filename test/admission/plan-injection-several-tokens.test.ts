import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  annotatedPod,
  at,
  container,
  DIRECTORY,
  injected,
  KEYS,
  patched,
  review,
  type Json,
} from './pods.ts';
import { followRemedies } from './remedies.ts';
import { reviewOf, workload } from './workloads.ts';

function secretSource(secretName: string, path?: string): Json {
  return { secret: { secretName, ...(path === undefined ? {} : { items: [{ key: 'token', path }] }) } };
}

function projected(...sources: readonly Json[]): Json {
  return { name: 'both', projected: { sources } };
}

function source(name: string, path?: string): Json {
  return { secret: { name, ...(path === undefined ? {} : { items: [{ key: 'token', path }] }) } };
}

describe('tokens that conflict are refused at the first review:', () => {
  it('two names with the same volume name', () => {
    const bothNames = { [KEYS.token]: 'a.b,a-b-2e7336dc' };
    const answer = review(annotatedPod({}, bothNames));
    assert.deepEqual([answer.allowed, answer.reason], [false, 'VolumeNameTaken']);
    assert.match(
      answer.message,
      /volume "jwt-a-b-2e7336dc" would have to show both tokens "a.b" and "a-b-2e7336dc": add a volume for one of them to the pod, of another name$/,
    );
    const volumes = [{ name: 'own', ...secretSource('a.b') }];
    assert.equal(review(annotatedPod({ volumes }, bothNames)).reason, 'Injected', 'the remedy is right');
  });

  const hidden = annotatedPod(
    {
      volumes: [{ name: 'own', ...secretSource('b', 'jwt/token') }],
      containers: [container('app', { volumeMounts: [{ name: 'own', mountPath: '/var/run/secrets' }] })],
    },
    { [KEYS.token]: 'a,b' },
  );

  it('a mount of ours that would hide another wanted token', () => {
    const answer = review(hidden);
    assert.deepEqual([answer.allowed, answer.reason], [false, 'MountPathTaken']);
    assert.match(
      answer.message,
      /container "app": volume "jwt-a" at \/var\/run\/secrets\/jwt hides the token file \/var\/run\/secrets\/jwt\/token/,
    );
  });

  it('a mount of ours that takes the place of another wanted token in its volume, wherever that is mounted too', () => {
    const volumeMounts = [
      { name: 'own', mountPath: '/var/run/secrets' },
      { name: 'own', mountPath: '/own' },
    ];
    for (const order of ['a,b', 'b,a']) {
      const annotations = { [KEYS.token]: order, [KEYS.mountPath]: '/var/run/secrets/jwt' };
      const spec = { ...Object(hidden['spec']), containers: [container('app', { volumeMounts })] };
      const pod = annotatedPod(spec, annotations);
      if (order === 'b,a') assert.equal(review(injected(pod)).reason, 'AlreadyInjected', 'a is at …-a');
      else assertRefused(pod, 'container "app":', 'volume "jwt-a" at /var/run/secrets/jwt', 'own');
    }
  });

  it('of another container, too', () => {
    const items = ['jwt/token', 't'].map((path) => ({ key: 'token', path }));
    const pod = annotatedPod(
      {
        volumes: [{ name: 'own', secret: { secretName: 'b', items } }],
        containers: [
          container('app', { volumeMounts: [{ name: 'own', mountPath: '/var/run/secrets' }] }),
          container('side', { volumeMounts: [{ name: 'own', mountPath: '/q', subPath: 'jwt' }] }),
        ],
      },
      { [KEYS.token]: 'a,b' },
    );
    const where = 'container "side" cannot see token "b": in container "app"';
    assertRefused(pod, where, 'volume "jwt-a" at /var/run/secrets/jwt', 'own');
  });

  it('a mount of ours with another one below, which takes the place of a file that another container sees', () => {
    const items = ['token', 't'].map((path) => ({ key: 'token', path }));
    const pod = annotatedPod({
      volumes: [
        { name: 'own', secret: { secretName: 'my-jwt', items } },
        { name: 'data', emptyDir: {} },
      ],
      containers: [
        container('app', { volumeMounts: [{ name: 'data', mountPath: `${DIRECTORY}/t` }] }),
        container('side', { volumeMounts: [{ name: 'own', mountPath: '/q', subPath: 't' }] }),
      ],
    });
    const where = 'container "side" cannot see token "my-jwt": in container "app"';
    assertRefused(pod, where, `volume "data" at ${DIRECTORY}/t`, 'own');
  });

  it('a mount below one of ours, of a volume that shows both tokens', () => {
    const pod = annotatedPod(
      {
        volumes: [projected(source('a', 'x'), source('b', 'y')), { name: 'data', emptyDir: {} }],
        containers: [container('app', { volumeMounts: [{ name: 'data', mountPath: `${DIRECTORY}/y` }] })],
      },
      { [KEYS.token]: 'a,b' },
    );
    assertRefused(pod, 'container "app":', `volume "data" at ${DIRECTORY}/y`, 'both');
  });

  function assertRefused(pod: Json, where: string, mount: string, volume: string): void {
    const answer = review(pod);
    assert.deepEqual([answer.decision, answer.reason], ['deny', 'MountPathTaken'], answer.message);
    const what = `${where} ${mount} takes the place of the token in volume "${volume}": `;
    assert.equal(answer.message.slice(0, what.length), what);
    const followed = followRemedies(pod, answer.message);
    assert.equal(followed.size, 2);
    for (const [remedy, after] of followed)
      assert.equal(review(injected(after)).reason, 'AlreadyInjected', remedy);
  }
});

describe('a mount of ours that hides a wanted token is allowed while the container sees the token elsewhere', () => {
  // Below a mount at the root the kubelet makes no directory in the volume.
  const spec = {
    volumes: [{ name: 'own', ...secretSource('b', 'x/jwt-a/token') }],
    containers: [
      container('app', {
        volumeMounts: [
          { name: 'own', mountPath: '/' },
          { name: 'own', mountPath: '/own' },
        ],
      }),
    ],
  };

  it('and the env var names the file that is still visible', () => {
    const pod = injected(annotatedPod(spec, { [KEYS.token]: 'b,a', [KEYS.mountPath]: '/x/jwt' }));
    assert.equal(at(pod, 'spec', 'containers', 0, 'env', 0, 'value'), '/own/x/jwt-a/token');
    assert.equal(review(pod).reason, 'AlreadyInjected');
  });

  it('and the env var names one that no new mount of another container hides', () => {
    const items = ['jwt-a/token', 'other'].map((path) => ({ key: 'token', path }));
    const containers = [
      container('app', { volumeMounts: [{ name: 'own', mountPath: '/q' }] }),
      container('side', { volumeMounts: [{ name: 'own', mountPath: '/x' }] }),
    ];
    const volumes = [{ name: 'own', secret: { secretName: 'b', items } }];
    const pod = injected(
      annotatedPod({ volumes, containers }, { [KEYS.token]: 'b,a', [KEYS.mountPath]: '/x/jwt' }),
    );
    assert.equal(at(pod, 'spec', 'containers', 0, 'env', 0, 'value'), '/q/other');
    assert.equal(review(pod).reason, 'AlreadyInjected');
  });
});

describe('which Secrets are visible in a projected volume of several sources', () => {
  const shows = (volume: Json, token: string): boolean => {
    const pod = annotatedPod({ volumes: [volume] }, { [KEYS.token]: token });
    const volumes = at(patched(pod, review(pod)), 'spec', 'volumes');
    return Array.isArray(volumes) && volumes.length === 1;
  };
  const other = { configMap: { name: 'c', items: [{ key: 'x', path: 'token' }] } };
  const account = { serviceAccountToken: { path: 'token' } };
  const cases: readonly [string, Json, readonly string[]][] = [
    ['is the later of two Secrets without items', projected(source('a'), source('b')), ['b']],
    ['is the later of two Secrets at one path', projected(source('a', 'x'), source('b', './x')), ['b']],
    ['is both at two paths', projected(source('a', 'x'), source('b', 'y')), ['a', 'b']],
    ['is not the one behind a ConfigMap at its path', projected(source('a'), other), []],
    ['is the Secret after a ConfigMap', projected(other, source('a')), ['a']],
    [
      'is not the one behind the token of the ServiceAccount at its path',
      projected(source('a'), account),
      [],
    ],
    [
      'is the Secret beside a ConfigMap without items',
      projected(source('a'), { configMap: { name: 'c' } }),
      ['a'],
    ],
    [
      'is the Secret that appears again at another path, too',
      projected(source('a'), source('b'), source('a', 'z')),
      ['a', 'b'],
    ],
  ];
  for (const [title, volume, shown] of cases) {
    it(title, () => {
      for (const token of ['a', 'b']) assert.equal(shows(volume, token), shown.includes(token), token);
    });
  }

  it('is the later of two items of a Secret volume with the same path', () => {
    const items = [
      { key: 'token', path: 'x' },
      { key: 'other', path: 'x' },
    ];
    assert.equal(shows({ name: 'v', secret: { secretName: 'a', items } }, 'a'), false);
    assert.equal(shows({ name: 'v', secret: { secretName: 'a', items: items.toReversed() } }, 'a'), true);
  });
});

describe('the claim templates of a StatefulSet are volumes of its pods', () => {
  const claiming = (name: string, podSpec: Json = { containers: [container()] }): Json => {
    const object = workload({ kind: 'StatefulSet', annotations: { [KEYS.token]: 'my-jwt' }, podSpec });
    return {
      ...object,
      spec: { ...Object(object['spec']), volumeClaimTemplates: [{ metadata: { name } }] },
    };
  };

  it('and if one is named like our volume, its pods are refused', () => {
    const { warnings } = reviewOf(claiming('jwt-my-jwt'));
    assert.match(
      warnings[0] ?? '',
      /^pods of this StatefulSet will be refused: volume "jwt-my-jwt" is of kind persistentVolumeClaim/,
    );
    assert.deepEqual(reviewOf(claiming('data')).warnings, []);
  });

  it('and one replaces the template’s volume of its name', () => {
    const podSpec = {
      volumes: [{ name: 'own', ...secretSource('my-jwt') }],
      containers: [container('app', { volumeMounts: [{ name: 'own', mountPath: '/var/run/secrets/jwt' }] })],
    };
    assert.match(reviewOf(claiming('own', podSpec)).warnings[0] ?? '', /is taken by volume "own"/);
  });

  it('and below one that is mounted read-only the directory can be missing', () => {
    const volumeMounts = [{ name: 'data', mountPath: '/var/run', readOnly: true }];
    const { warnings } = reviewOf(claiming('data', { containers: [container('app', { volumeMounts })] }));
    assert.match(warnings[0] ?? '', /\/var\/run is read-only/);
  });
});
