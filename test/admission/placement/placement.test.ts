import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  annotatedPod,
  at,
  container,
  DIRECTORY,
  injected,
  KEYS,
  MOUNT,
  review,
  VOLUME,
  type Json,
} from '../pods.ts';

const DATA = { name: 'data', emptyDir: {} };

function podWith(containerMore: Json, volumes: readonly Json[] = [DATA], annotations: Json = {}): Json {
  return annotatedPod({ volumes, containers: [container('app', containerMore)] }, annotations);
}

function mounting(mountPath: string, more: Json = {}): Json {
  return { volumeMounts: [{ name: 'data', mountPath, ...more }] };
}

const REFUSED: readonly { title: string; pod: Json; message: RegExp }[] = [
  {
    title: 'another volume at the mount path',
    pod: podWith(mounting(DIRECTORY)),
    message:
      /^container "app": mount path \/var\/run\/secrets\/jwt is taken by volume "data": set annotation .*mount-path to another directory, or mount "data" elsewhere$/,
  },
  ...[
    `${DIRECTORY}/`,
    '/var/run//secrets/jwt',
    '/var/run/./secrets/jwt',
    '/var/run/x/../secrets/jwt',
    'var/run/secrets/jwt',
  ].map((path) => ({
    title: `the same path written as ${path}`,
    pod: podWith(mounting(path)),
    message: /mount path \/var\/run\/secrets\/jwt is taken by volume "data"/,
  })),
  {
    title: 'a device at the mount path',
    pod: podWith({ volumeDevices: [{ name: 'disk', devicePath: DIRECTORY }] }),
    message: /mount path \/var\/run\/secrets\/jwt is taken by device "disk"/,
  },
  {
    title: 'a mount that hides the token file',
    pod: podWith(mounting(`${DIRECTORY}/token`)),
    message:
      /volume "data" at \/var\/run\/secrets\/jwt\/token hides the token file \/var\/run\/secrets\/jwt\/token/,
  },
  {
    title: 'a device that hides the token file',
    pod: podWith({ volumeDevices: [{ name: 'disk', devicePath: `${DIRECTORY}/token` }] }),
    message: /device "disk" at .* hides the token file/,
  },
  {
    title: 'a mount below the token file, in whose place the kubelet makes a directory',
    pod: podWith(mounting(`${DIRECTORY}/token/x`)),
    message:
      /volume "data" at \/var\/run\/secrets\/jwt\/token\/x hides the token file \/var\/run\/secrets\/jwt\/token/,
  },
  {
    title: 'a mount beside the token file, in a directory of the volume',
    pod: podWith(mounting(`${DIRECTORY}/deep/x`), [
      DATA,
      { name: 'mine', secret: { secretName: 'my-jwt', items: [{ key: 'token', path: 'deep/token' }] } },
    ]),
    message:
      /volume "data" at \/var\/run\/secrets\/jwt\/deep\/x hides the token file \/var\/run\/secrets\/jwt\/deep\/token/,
  },
  {
    title: 'a mount path below a device',
    pod: podWith({ volumeDevices: [{ name: 'disk', devicePath: '/dev/xvda' }] }, [DATA], {
      [KEYS.mountPath]: '/dev/xvda/jwt',
    }),
    message: /device "disk" at \/dev\/xvda hides the token file \/dev\/xvda\/jwt\/token/,
  },
  {
    title: 'a mount that hides the file of the user’s own mount',
    pod: podWith(
      {
        volumeMounts: [
          { name: 'jwt-my-jwt', mountPath: '/creds' },
          { name: 'data', mountPath: '/creds/token' },
        ],
      },
      [DATA, VOLUME],
    ),
    message:
      /volume "data" at \/creds\/token hides the token file \/creds\/token: mount "data" elsewhere, or remove the mount of "jwt-my-jwt" at \/creds$/,
  },
  {
    title: 'the volume itself by a subPath that hides the token',
    pod: podWith({ volumeMounts: [{ name: 'jwt-my-jwt', mountPath: DIRECTORY, subPath: 'x' }] }, [VOLUME]),
    message: /taken by volume "jwt-my-jwt" \(by subPath\)/,
  },
  {
    title: 'the mount path of a second token',
    pod: podWith(mounting(`${DIRECTORY}-b`), [DATA], { [KEYS.token]: 'a,b' }),
    message: /mount path \/var\/run\/secrets\/jwt-b is taken by volume "data"/,
  },
  {
    title: 'another token’s mount, after the annotation was changed between two calls',
    pod: podWith({ volumeMounts: [MOUNT] }, [VOLUME], { [KEYS.token]: 'other' }),
    message: /mount path \/var\/run\/secrets\/jwt is taken by volume "jwt-my-jwt"/,
  },
  {
    title: 'a mount path of the user’s choice',
    pod: podWith(mounting('/creds'), [DATA], { [KEYS.mountPath]: '/creds/' }),
    message: /mount path \/creds is taken/,
  },
];

describe('a pod is refused, with all names, for', () => {
  for (const { title, pod, message } of REFUSED) {
    it(title, () => {
      const answer = review(pod);
      assert.deepEqual([answer.allowed, answer.reason, answer.operations], [false, 'MountPathTaken', []]);
      assert.match(answer.message, message);
    });
  }

  it('not for any of these in a container that is not selected', () => {
    const containers = [container('app'), container('other', mounting(DIRECTORY))];
    const pod = annotatedPod({ volumes: [DATA], containers }, { [KEYS.containers]: 'app' });
    assert.equal(review(pod).reason, 'Injected');
  });
});

describe('the remedy in a refusal works', () => {
  const volumes = [DATA, { name: 'v1', secret: { secretName: 'my-jwt' } }];
  const own = { name: 'v1', mountPath: '/a' };
  const hiding = { name: 'data', mountPath: '/a/token' };
  const cases: Readonly<Record<string, readonly [mounts: readonly Json[], annotations: Json]>> = {
    'for an own mount that is hidden, another place for what hides it': [
      [own, { ...hiding, mountPath: '/b' }],
      {},
    ],
    'for an own mount that is hidden, its removal': [[hiding], {}],
    'for a mount path that is taken, another': [
      [{ name: 'data', mountPath: DIRECTORY }],
      { [KEYS.mountPath]: '/other' },
    ],
  };
  for (const [title, [volumeMounts, annotations]] of Object.entries(cases)) {
    it(title, () => assert.equal(review(podWith({ volumeMounts }, volumes, annotations)).reason, 'Injected'));
  }

  it('and a remedy that would not work is not named', () => {
    for (const path of ['/other', DIRECTORY]) {
      const pod = podWith({ volumeMounts: [own, hiding] }, volumes, { [KEYS.mountPath]: path });
      assert.doesNotMatch(review(pod).message, /mount-path/);
    }
    const volumeMounts = [
      { ...own, mountPath: DIRECTORY },
      { ...hiding, mountPath: `${DIRECTORY}/token` },
    ];
    assert.match(review(podWith({ volumeMounts }, volumes)).message, /: mount "data" elsewhere$/);
  });
});

describe('a pod is injected with', () => {
  const cases: readonly [string, Json, Json?][] = [
    ['our mount below a user’s', mounting('/var/run/secrets')],
    ['a mount nested below ours', mounting(`${DIRECTORY}/other`)],
    ['a path that only begins alike', mounting(`${DIRECTORY}2`)],
    ['a mount at /run, as links are not followed', mounting('/run/secrets/jwt')],
    ['a mount at the root', mounting('/')],
  ];
  for (const [title, more] of cases) {
    it(title, () => {
      const answer = review(podWith(more));
      assert.deepEqual([answer.reason, answer.warnings], ['Injected', []]);
    });
  }
});

describe('a read-only parent, in which the directory may be missing,', () => {
  const kinds: readonly { kind: string; source: Json; readOnlyMount: boolean; warned: boolean }[] = [
    { kind: 'emptyDir', source: {}, readOnlyMount: true, warned: true },
    { kind: 'emptyDir', source: {}, readOnlyMount: false, warned: false },
    { kind: 'hostPath', source: { path: '/x' }, readOnlyMount: true, warned: true },
    {
      kind: 'persistentVolumeClaim',
      source: { claimName: 'c', readOnly: true },
      readOnlyMount: false,
      warned: true,
    },
    { kind: 'image', source: { reference: 'i' }, readOnlyMount: false, warned: true },
    { kind: 'secret', source: { secretName: 's' }, readOnlyMount: true, warned: false },
    { kind: 'configMap', source: { name: 'c' }, readOnlyMount: true, warned: false },
    { kind: 'projected', source: { sources: [] }, readOnlyMount: true, warned: false },
    { kind: 'downwardAPI', source: { items: [] }, readOnlyMount: true, warned: false },
  ];
  for (const { kind, source, readOnlyMount, warned } of kinds) {
    it(`gives ${warned ? 'a warning' : 'no warning'} for ${kind}, mounted ${readOnlyMount ? 'read-only' : 'writable'}`, () => {
      const more = mounting('/var/run/secrets', { readOnly: readOnlyMount });
      const { reason, warnings } = review(podWith(more, [{ name: 'data', [kind]: source }]));
      assert.equal(reason, 'Injected');
      assert.equal(warnings.length, warned ? 1 : 0);
      if (warned)
        assert.match(
          warnings[0] ?? '',
          /"app": \/var\/run\/secrets is read-only, \/var\/run\/secrets\/jwt may/,
        );
    });
  }

  it('counts only as the nearest parent', () => {
    const volumeMounts = [
      { name: 'data', mountPath: '/var', readOnly: true },
      { name: 'near', mountPath: '/var/run' },
    ];
    const volumes = [DATA, { name: 'near', emptyDir: {} }];
    assert.deepEqual(review(podWith({ volumeMounts }, volumes)).warnings, []);
  });

  it('gives one warning for many containers', () => {
    const more = mounting('/var/run/secrets', { readOnly: true });
    const containers = ['a', 'b', 'c'].map((name) => container(name, more));
    const { warnings } = review(annotatedPod({ volumes: [DATA], containers }));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^container "a": .* \(and 2 more\)$/);
  });
});

describe('a second review', () => {
  it('restores a mount that another client removed, and keeps the volume', () => {
    const pod = podWith({}, [VOLUME]);
    assert.deepEqual(at(injected(pod), 'spec', 'volumes'), [VOLUME]);
    assert.deepEqual(at(injected(pod), 'spec', 'containers', 0, 'volumeMounts'), [MOUNT]);
  });
});
