import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requiresWindowsByAffinity, windowsSetting } from '../../src/admission/windows.ts';
import type { Json } from './pods.ts';

const BETA = 'beta.kubernetes.io/os';
const OS = 'kubernetes.io/os';

it('a pod runs on Windows when its os or its node selector says so', () => {
  assert.equal(windowsSetting({ os: { name: 'windows' } }), 'spec.os.name');
  for (const label of [OS, BETA])
    assert.equal(windowsSetting({ nodeSelector: { [label]: 'windows' } }), `nodeSelector ${label}`);
  const others: readonly Json[] = [
    {},
    { os: { name: 'linux' } },
    { os: 'windows' },
    { nodeSelector: { [OS]: 'linux', [BETA]: 'linux' } },
    { nodeSelector: { os: 'windows' } },
  ];
  for (const spec of others) assert.equal(windowsSetting(spec), undefined, JSON.stringify(spec));
});

describe('required node affinity', () => {
  const expression = (change: Json = {}): Json => ({
    key: OS,
    operator: 'In',
    values: ['windows'],
    ...change,
  });
  const spec = (...terms: readonly unknown[]): Json => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    },
  });
  const term = (...matchExpressions: readonly Json[]): Json => ({ matchExpressions });
  const zone = { key: 'topology.kubernetes.io/zone', operator: 'Exists' };

  const windows: Readonly<Record<string, Json>> = {
    'of one term': spec(term(expression())),
    'by the label of old': spec(term(expression({ key: BETA }))),
    'beside another expression of its term': spec(term(zone, expression())),
    'of each of two terms': spec(term(expression()), term(expression({ values: ['windows', 'windows'] }))),
  };
  for (const [title, pod] of Object.entries(windows))
    it(`asks for Windows ${title}`, () => assert.ok(requiresWindowsByAffinity(pod)));

  const others: Readonly<Record<string, Json>> = {
    'that is absent': {},
    'without a term': spec(),
    'of two terms, of which one does not ask': spec(term(expression()), term(zone)),
    'for any of two systems': spec(term(expression({ values: ['windows', 'linux'] }))),
    'for none': spec(term(expression({ values: [] }))),
    'for other systems': spec(term(expression({ operator: 'NotIn' }))),
    'by another label': spec(term(expression({ key: 'os' }))),
    'by no label': spec(term(expression({ key: undefined }))),
    'that is only preferred': {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ preference: term(expression()), weight: 1 }],
        },
      },
    },
  };
  for (const [title, pod] of Object.entries(others))
    it(`does not ask for Windows ${title}`, () => assert.ok(!requiresWindowsByAffinity(pod)));
});
