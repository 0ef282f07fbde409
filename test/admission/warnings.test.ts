import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinWarnings, mostUseful, type Warning, type WarningKind } from '../../src/admission/warnings.ts';
import { annotatedPod, container, KEYS, review, type Json } from './pods.ts';

const P = 'tokens.osg-htc.org/';

const CASES: readonly { title: string; pod: Json; warnings: readonly (string | RegExp)[] }[] = [
  {
    title: 'a misspelt annotation, with the closest known one',
    pod: annotatedPod({}, { [`${P}mountPath`]: '/x' }),
    warnings: [`unknown annotation "${P}mountPath": did you mean mount-path?`],
  },
  {
    title: 'two letters that are swapped',
    pod: annotatedPod({}, { [`${P}toekn`]: 'x' }),
    warnings: [`unknown annotation "${P}toekn": did you mean token?`],
  },
  {
    title: 'an unknown annotation',
    pod: annotatedPod({}, { [`${P}ttl-of-this`]: '60' }),
    warnings: [`unknown annotation "${P}ttl-of-this": known are token, inject, containers …`],
  },
  {
    title: 'a misspelt prefix',
    pod: annotatedPod({}, { 'token.osg-htc.org/env-var': 'X' }),
    warnings: ['unknown annotation "token.osg-htc.org/env-var": did you mean tokens.osg-htc.org/env-var?'],
  },
  {
    title: 'an annotation that belongs elsewhere',
    pod: annotatedPod({}, { [`${P}renew`]: '1' }),
    warnings: [`annotation ${P}renew has no effect here: it belongs on the JWT`],
  },
  {
    title: 'a label instead of an annotation',
    pod: {
      ...annotatedPod(),
      metadata: { labels: { [KEYS.token]: 'x' }, annotations: { [KEYS.token]: 'y' } },
    },
    warnings: [`label ${P}token has no effect here: make it an annotation`],
  },
  {
    title: 'settings without a token',
    pod: { metadata: { annotations: { [KEYS.envVar]: '1 bad name' } }, spec: { containers: [container()] } },
    warnings: [`annotation ${P}env-var has no effect without ${P}token`],
  },
  {
    title: 'empty values, in their order in the pod',
    pod: annotatedPod({}, { [KEYS.mountPath]: '', [KEYS.envVar]: ' ', [KEYS.containers]: ',' }),
    warnings: ['mount-path', 'env-var', 'containers'].map(
      (name) => `annotation ${P}${name} is empty: it counts as not set`,
    ),
  },
  {
    title: 'empty items in a list',
    pod: annotatedPod({}, { [KEYS.containers]: 'app,' }),
    warnings: [`annotation ${P}containers has an empty item: it is ignored`],
  },
  {
    title: 'a token named twice',
    pod: annotatedPod({}, { [KEYS.token]: 'a,a' }),
    warnings: [`annotation ${P}token names "a" twice: it is injected once`],
  },
  {
    title: 'an unknown container, with the closest name',
    pod: annotatedPod({}, { [KEYS.skipContainers]: 'ap, y' }),
    warnings: [`annotation ${P}skip-containers: no container "ap", did you mean "app"? (and 1 more)`],
  },
  {
    title: 'BEARER_TOKEN beside ours',
    pod: annotatedPod({ containers: [container('app', { env: [{ name: 'BEARER_TOKEN', value: 'x' }] })] }),
    warnings: ['container "app": BEARER_TOKEN is set, clients look there before BEARER_TOKEN_FILE: unset it'],
  },
  {
    title: 'node affinity to Windows only',
    pod: annotatedPod({ affinity: affinity(['windows'], ['windows']) }),
    warnings: [/^node affinity allows Windows nodes only/],
  },
  {
    title: 'node affinity to either',
    pod: annotatedPod({ affinity: affinity(['windows'], ['linux']) }),
    warnings: [],
  },
  {
    title: 'a foreign annotation',
    pod: annotatedPod({}, { 'osgood.example/token': 'x' }),
    warnings: [],
  },
  {
    title: 'the record of copied annotations',
    pod: annotatedPod({}, { [`${P}copied`]: '{}' }),
    warnings: [],
  },
];

function affinity(...terms: readonly (readonly string[])[]): Json {
  const nodeSelectorTerms = terms.map((values) => ({
    matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values }],
  }));
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}

describe('a pod gets the expected warnings for', () => {
  for (const { title, pod, warnings } of CASES) {
    it(title, () => {
      const found = review(pod).warnings;
      assert.equal(found.length, warnings.length, found.join('\n'));
      for (const [index, expected] of warnings.entries()) {
        if (typeof expected === 'string') assert.equal(found[index], expected);
        else assert.match(found[index] ?? '', expected);
      }
    });
  }

  it('many mistakes: at most three, the most useful first, none longer than 120 characters', () => {
    const long = 'x'.repeat(300);
    const env = [
      { name: 'BEARER_TOKEN_FILE', value: `/${long}` },
      { name: 'BEARER_TOKEN', value: long },
    ];
    const annotations = { [KEYS.token]: 'a,,a', [`${P}${long}`]: long, [KEYS.skipContainers]: `${long}y` };
    const { warnings } = review(annotatedPod({ containers: [container(long, { env })] }, annotations));
    assert.equal(warnings.length, 3);
    assert.match(warnings[0] ?? '', /BEARER_TOKEN_FILE is set to/);
    assert.match(warnings[1] ?? '', /BEARER_TOKEN is set/);
    assert.match(warnings[2] ?? '', /unknown annotation/);
    for (const warning of warnings) assert.ok(Array.from(warning).length <= 120, warning);
  });

  it('mistakes that break nothing yet, as the last ones', () => {
    const volumeMounts = [{ name: 'own', mountPath: '/t', subPath: 'token' }];
    const spec = {
      affinity: affinity(['windows']),
      volumes: [{ name: 'own', secret: { secretName: 'my-jwt' } }],
      containers: [container('app', { volumeMounts })],
    };
    const { warnings } = review(annotatedPod(spec, { [KEYS.skipContainers]: 'other' }));
    assert.deepEqual(
      warnings.map((text) => text.split(' ', 1)[0]),
      ['annotation', 'node', 'container'],
    );
  });

  it('a refusal, too', () => {
    const { allowed, warnings } = review(annotatedPod({}, { [KEYS.inject]: 'no', [`${P}tokn`]: 'x' }));
    assert.deepEqual([allowed, warnings], [false, [`unknown annotation "${P}tokn": did you mean token?`]]);
  });

  it('line breaks and control characters, which must not get into a header', () => {
    const { warnings, message } = review(annotatedPod({}, { [`${P}a\nb\u0000`]: 'x', [KEYS.token]: 'a\nb' }));
    for (const text of [...warnings, message]) assert.doesNotMatch(text, /\p{Cc}/u);
  });
});

describe('among many warnings', () => {
  const of = (kind: WarningKind, text: string, more?: number): Warning =>
    more === undefined ? { kind, text } : { kind, text, more };

  it('the three most useful are shown, whatever their order', () => {
    const found = [of('duplicateToken', 'd'), of('emptyItem', 'c'), of('refused', 'a'), of('misplaced', 'b')];
    assert.deepEqual(mostUseful(found), ['a', 'b', 'c']);
    assert.deepEqual(mostUseful(found.toReversed()), ['a', 'b', 'c']);
    assert.deepEqual(mostUseful([]), []);
  });

  it('those of one kind keep their order, and each is shown only once', () => {
    const found = ['b', 'a', 'b', 'd', 'c'].map((text) => of('emptyValue', text));
    assert.deepEqual(mostUseful(found), ['b', 'a', 'd']);
  });

  it('those of every container are one: the first is shown, the others are counted', () => {
    for (const kind of ['readOnlyParent', 'environmentKept', 'bearerTokenSet', 'neverRefreshes'] as const) {
      assert.deepEqual(mostUseful([of(kind, 'a'), of(kind, 'b'), of(kind, 'c', 2)]), ['a (and 4 more)']);
      assert.deepEqual(joinWarnings([of(kind, 'a')], [of(kind, 'b')]), [of(kind, 'a', 1)]);
    }
  });

  it('only as many are kept as can be shown', () => {
    const found = joinWarnings(
      [of('emptyValue', 'a'), of('emptyValue', 'b')],
      [of('emptyValue', 'c'), of('emptyValue', 'd')],
    );
    assert.deepEqual(
      found.map(({ text }) => text),
      ['a', 'b', 'c'],
    );
    const first = [of('emptyValue', 'a')];
    assert.equal(joinWarnings(first, []), first);
    assert.deepEqual(joinWarnings(first, [of('emptyItem', 'b')]), [...first, of('emptyItem', 'b')]);
  });

  it('each is cut to 120 characters, its count included', () => {
    assert.deepEqual(mostUseful([of('refused', 'x'.repeat(121))]), [`${'x'.repeat(119)}…`]);
    assert.deepEqual(mostUseful([of('refused', 'x'.repeat(120))]), ['x'.repeat(120)]);
    const [counted = ''] = mostUseful([of('unknownContainer', 'x'.repeat(120), 12)]);
    assert.match(counted, /^x+… \(and 12 more\)$/);
    assert.equal(counted.length, 120);
  });
});
