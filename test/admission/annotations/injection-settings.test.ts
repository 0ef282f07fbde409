import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { annotatedPod, at, container, injected, KEYS, review, type Json } from '../pods.ts';

const TWO = { containers: [container('app'), container('side')], initContainers: [container('init')] };

function namesWithEnv(pod: Json): readonly unknown[] {
  return ['initContainers', 'containers'].flatMap((list) =>
    Object.values(Object(at(pod, 'spec', list)))
      .filter((entry) => at(entry, 'env', 0, 'name') === 'BEARER_TOKEN_FILE')
      .map((entry) => at(entry, 'name')),
  );
}

describe('the containers that are injected', () => {
  const cases: readonly { title: string; annotations: Json; expected: readonly string[] }[] = [
    { title: 'are all, init containers included', annotations: {}, expected: ['init', 'app', 'side'] },
    { title: 'are only those of the list', annotations: { [KEYS.containers]: 'app' }, expected: ['app'] },
    {
      title: 'are all but those to skip',
      annotations: { [KEYS.skipContainers]: 'app,init' },
      expected: ['side'],
    },
    {
      title: 'are found by names without white space and line breaks',
      annotations: { [KEYS.containers]: ' app ,\n\tinit\r\n' },
      expected: ['init', 'app'],
    },
    {
      title: 'are found in a list with empty items',
      annotations: { [KEYS.containers]: ',app,,' },
      expected: ['app'],
    },
    {
      title: 'are all when the list holds only commas',
      annotations: { [KEYS.containers]: ' , ,' },
      expected: ['init', 'app', 'side'],
    },
    {
      title: 'are found in a list that also has an unknown name',
      annotations: { [KEYS.containers]: 'app,sidee' },
      expected: ['app'],
    },
  ];
  for (const { title, annotations, expected } of cases) {
    it(title, () => assert.deepEqual(namesWithEnv(injected(annotatedPod(TWO, annotations))), expected));
  }
});

const REFUSED: readonly { title: string; annotations: Json; message: RegExp }[] = [
  {
    title: 'inject: "True"',
    annotations: { [KEYS.inject]: 'True' },
    message: /inject is "True": set "true" or/,
  },
  { title: 'inject: "1"', annotations: { [KEYS.inject]: '1' }, message: /inject is "1"/ },
  { title: 'inject: "yes"', annotations: { [KEYS.inject]: 'yes' }, message: /inject is "yes"/ },
  {
    title: 'a skip list that covers all containers',
    annotations: { [KEYS.skipContainers]: 'app' },
    message: /skip-containers selects no container: the pod's containers are "app"/,
  },
  {
    title: 'a list of unknown words, with the closest name',
    annotations: { [KEYS.containers]: 'apps' },
    message: /selects no container: no container "apps", did you mean "app"\?/,
  },
  {
    title: 'both lists',
    annotations: { [KEYS.containers]: 'app', [KEYS.skipContainers]: 'x' },
    message: /both .*containers and .*skip-containers are set: keep one/,
  },
  {
    title: 'an upper case name, with the closest valid one',
    annotations: { [KEYS.token]: 'My_JWT' },
    message: /"My_JWT" is not a valid token name: the closest valid one is "my-jwt"/,
  },
  {
    title: 'a name that only has invalid characters',
    annotations: { [KEYS.token]: '___' },
    message: /"___" is not a valid token name: use lower case/,
  },
  {
    title: 'a name above 253 characters',
    annotations: { [KEYS.token]: 'x'.repeat(254) },
    message: /is not a valid token name: the closest valid one is "x{253}"/,
  },
  {
    title: 'one bad name among good ones',
    annotations: { [KEYS.token]: 'a, b/c' },
    message: /"b\/c" is not a valid token name: the closest valid one is "b-c"/,
  },
  {
    title: 'more tokens than a pod is allowed to have',
    annotations: { [KEYS.token]: Array.from({ length: 33 }, (_, index) => `t${index}`).join() },
    message: /names 33 tokens: name at most 32/,
  },
  ...[
    'relative',
    '/',
    '//',
    '/a//b',
    '/a/./b',
    '/a/..',
    '/..',
    '/a:b',
    '/a$b',
    '/a/.',
    '/a//',
    '/a\u0000b',
    '/a\nb',
    '/a\u0085b',
  ].map((path) => ({
    title: `mount path ${JSON.stringify(path)}`,
    annotations: { [KEYS.mountPath]: path },
    message: /mount-path: ".+" .+: name a directory such as \/var/,
  })),
  ...['1X', 'A-B', 'A B', 'É', 'A.B'].map((name) => ({
    title: `env var ${name}`,
    annotations: { [KEYS.envVar]: name },
    message: /env-var: ".+" is not a valid name of an environment variable: use letters/,
  })),
  {
    title: 'env var BEARER_TOKEN, which clients take for the token itself',
    annotations: { [KEYS.envVar]: 'BEARER_TOKEN' },
    message: /clients expect the token itself in BEARER_TOKEN/,
  },
  ...['000', '0000', '888', '44', '00444', '1444', '0o444', 'rw-', '4'].map((mode) => ({
    title: `file mode ${mode}`,
    annotations: { [KEYS.fileMode]: mode },
    message: /file-mode: ".+" is not a valid file mode: use three octal digits/,
  })),
];

describe('a pod is refused, with the remedy, for', () => {
  for (const { title, annotations, message } of REFUSED) {
    it(title, () => {
      const answer = review(annotatedPod({}, annotations));
      assert.deepEqual(
        [answer.allowed, answer.decision, answer.reason],
        [false, 'deny', 'InvalidAnnotation'],
      );
      assert.match(answer.message, message);
      assert.deepEqual(answer.operations, []);
    });
  }

  it('inject: "true" without a token', () => {
    const pod = { metadata: { annotations: { [KEYS.inject]: 'true' } }, spec: { containers: [container()] } };
    assert.match(review(pod).message, /inject is "true", but no token is named: add .*token/);
    assert.equal(review(pod, 'default-jwt').reason, 'Injected');
  });
});

describe('the injection settings of a pod', () => {
  it('may have white space around mode, path and variable', () => {
    const annotations = {
      [KEYS.token]: ' my-jwt\n',
      [KEYS.mountPath]: ' /creds/ ',
      [KEYS.envVar]: '\tTOKEN_FILE ',
      [KEYS.fileMode]: ' 0440 ',
      [KEYS.inject]: ' true ',
    };
    const pod = injected(annotatedPod({}, annotations));
    assert.equal(at(pod, 'spec', 'volumes', 0, 'secret', 'defaultMode'), 0o440);
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'env'), [
      { name: 'TOKEN_FILE', value: '/creds/token' },
    ]);
  });

  for (const [text, mode] of [
    ['444', 0o444],
    ['0001', 1],
    ['777', 0o777],
    ['0600', 0o600],
  ] as const) {
    it(`may have file mode ${text}`, () => {
      const pod = injected(annotatedPod({}, { [KEYS.fileMode]: text }));
      assert.equal(at(pod, 'spec', 'volumes', 0, 'secret', 'defaultMode'), mode);
    });
  }

  it('have no effect with inject: "false"', () => {
    const answer = review(
      annotatedPod({}, { [KEYS.inject]: ' false ', [KEYS.mountPath]: '..' }),
      'default-jwt',
    );
    assert.deepEqual([answer.decision, answer.reason, answer.operations], ['skip', 'OptedOut', []]);
  });

  it('give a token with dots or a long name a hashed volume name that is a valid label', () => {
    for (const token of ['a.b', 'x'.repeat(60), `${'y'.repeat(39)}.${'z'.repeat(200)}`]) {
      const pod = injected(annotatedPod({}, { [KEYS.token]: token }));
      const name = String(at(pod, 'spec', 'volumes', 0, 'name'));
      assert.match(name, /^jwt-[a-z0-9-]{1,40}-[0-9a-f]{8}$/);
      assert.equal(at(pod, 'spec', 'volumes', 0, 'secret', 'secretName'), token);
    }
    const kept = injected(annotatedPod({}, { [KEYS.token]: 'x'.repeat(59) }));
    assert.equal(at(kept, 'spec', 'volumes', 0, 'name'), `jwt-${'x'.repeat(59)}`);
  });

  it('may name several tokens: the first is where one alone would be, the others beside it', () => {
    const pod = injected(annotatedPod({}, { [KEYS.token]: 'a, b.c' }));
    assert.equal(Object.keys(Object(at(pod, 'spec', 'volumes'))).length, 2);
    const mounts = Object.values(Object(at(pod, 'spec', 'containers', 0, 'volumeMounts')));
    assert.deepEqual(
      mounts.map((mount) => at(mount, 'mountPath')),
      ['/var/run/secrets/jwt', '/var/run/secrets/jwt-b.c'],
    );
    assert.deepEqual(at(pod, 'spec', 'containers', 0, 'env'), [
      { name: 'BEARER_TOKEN_FILE', value: '/var/run/secrets/jwt/token' },
    ]);
  });

  it('do not include a forged marker of success', () => {
    assert.equal(review(annotatedPod({}, { 'tokens.osg-htc.org/status': 'injected' })).reason, 'Injected');
  });
});

describe('the token of a pod', () => {
  const bare = { metadata: { name: 'p' }, spec: { containers: [container()] } };

  it('does not exist without annotations, with annotations: null or without metadata', () => {
    for (const metadata of [{}, { annotations: null }, { annotations: {} }, undefined, null]) {
      assert.equal(review({ ...bare, metadata }).reason, 'NotRequested');
    }
  });

  it('is that of the namespace by default, and an annotation wins over it', () => {
    assert.equal(at(injected(bare, 'ns-jwt'), 'spec', 'volumes', 0, 'secret', 'secretName'), 'ns-jwt');
    assert.equal(
      at(injected(annotatedPod(), 'ns-jwt'), 'spec', 'volumes', 0, 'secret', 'secretName'),
      'my-jwt',
    );
  });

  it('is the default when the annotation is empty, with a warning', () => {
    const answer = review(annotatedPod({}, { [KEYS.token]: ' ' }), 'ns-jwt');
    assert.equal(answer.message, 'ns-jwt injected into 1 container');
    assert.deepEqual(answer.warnings, [`annotation ${KEYS.token} is empty: it counts as not set`]);
  });

  it('is refused with both remedies when the default is not a valid name', () => {
    const answer = review(bare, 'My_JWT');
    assert.match(
      answer.message,
      /^label .*\/token of the namespace: "My_JWT" .*"my-jwt", or annotate the pod with .*inject: "false"$/,
    );
  });

  it('is not given to mirror pods', () => {
    const answer = review(annotatedPod({}, { 'kubernetes.io/config.mirror': 'x', [KEYS.inject]: 'yes' }));
    assert.deepEqual([answer.allowed, answer.reason], [true, 'NotRequested']);
  });
});

describe('a pod', () => {
  const cases: readonly [string, Json][] = [
    ['spec.os.name', { os: { name: 'windows' } }],
    ['nodeSelector kubernetes.io/os', { nodeSelector: { 'kubernetes.io/os': 'windows' } }],
    ['nodeSelector beta.kubernetes.io/os', { nodeSelector: { 'beta.kubernetes.io/os': 'windows' } }],
  ];
  for (const [setting, spec] of cases) {
    it(`is refused when ${setting} says Windows`, () => {
      const answer = review(annotatedPod(spec));
      assert.deepEqual([answer.allowed, answer.reason], [false, 'WindowsPod']);
      assert.ok(answer.message.startsWith(`${setting} asks for Windows`));
      assert.match(answer.message, /annotate the pod with .*inject: "false"$/);
    });
  }

  it('is injected when its os is linux', () => {
    assert.equal(review(annotatedPod({ os: { name: 'linux' } })).reason, 'Injected');
  });
});
