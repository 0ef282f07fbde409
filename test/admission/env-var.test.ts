import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeEnv, readOwnEnv, warnOfOwnEnv } from '../../src/admission/env-var.ts';
import type { Json } from './pods.ts';
import { shape } from './shapes.ts';

const FILES = ['/m/token', '/n/token'];
const findOf = (envVar: string, env: readonly Json[], hasEnvFrom = false) => {
  const container = { ...shape([]), env, hasEnvFrom };
  const own = readOwnEnv(container, envVar);
  return { isSet: own.set !== undefined, warnings: warnOfOwnEnv(container, envVar, own, FILES) };
};
const find = (...env: readonly Json[]) => findOf('FILE', env);
const kept = (given: string): unknown => ({
  isSet: true,
  warnings: [
    { kind: 'environmentKept', text: `container "app": FILE is ${given}: kept; the token is /m/token` },
  ],
});

describe('the variable of a container', () => {
  const ITSELF = { name: 'BEARER_TOKEN', value: 'x' };
  const itself = {
    kind: 'bearerTokenSet',
    text: 'container "app": BEARER_TOKEN is set, clients look there before FILE: unset it',
  };
  const cases: Readonly<Record<string, readonly [found: ReturnType<typeof find>, expected: unknown]>> = {
    'is not set by others': [find({ name: 'OTHER', value: '/m/token' }), { isSet: false, warnings: [] }],
    'is set to a file of the token': [
      find({ name: 'FILE', value: '/m/token' }),
      { isSet: true, warnings: [] },
    ],
    'is set to another file of it, by another path': [
      find({ name: 'FILE', value: '/n/./x/../token' }),
      { isSet: true, warnings: [] },
    ],
    'is set to another file': [find({ name: 'FILE', value: '/x' }), kept('set to "/x"')],
    'is set to a relative path': [find({ name: 'FILE', value: 'm/token' }), kept('set to "m/token"')],
    'is set to nothing': [find({ name: 'FILE' }), kept('set to ""')],
    'is set by valueFrom': [find({ name: 'FILE', valueFrom: {} }), kept('set by valueFrom')],
    'is set to a file of the token, by reference to another variable': [
      find({ name: 'DIR', value: '/m' }, { name: 'FILE', value: '$(DIR)/token' }),
      { isSet: true, warnings: [] },
    ],
    'is set to another file, by such a reference': [
      find({ name: 'DIR', value: '/x' }, { name: 'FILE', value: '$(DIR)/token' }),
      kept('set to "$(DIR)/token"'),
    ],
    'is set by reference to what only the kubelet knows': [
      find({ name: 'DIR', valueFrom: {} }, { name: 'FILE', value: '/m/token$(DIR)' }),
      kept('set to "/m/token$(DIR)"'),
    ],
    'is set beside other variables of a ConfigMap': [
      findOf('FILE', [{ name: 'FILE', value: '/m/token' }], true),
      { isSet: true, warnings: [] },
    ],
    'is set to a file of the token, and not by reference': [
      find({ name: 'FILE', value: '/m/token', valueFrom: null }),
      { isSet: true, warnings: [] },
    ],
    'is what its last entry says': [
      find({ name: 'FILE', value: '/x' }, { name: 'FILE', value: '/m/token' }),
      { isSet: true, warnings: [] },
    ],
    'is not looked at where the token itself is set': [
      find(ITSELF, ITSELF),
      { isSet: false, warnings: [itself] },
    ],
    'is set beside the token itself': [
      find(ITSELF, { name: 'FILE', value: '/m/token' }),
      { isSet: true, warnings: [itself] },
    ],
  };
  for (const [title, [found, expected]] of Object.entries(cases))
    it(title, () => assert.deepEqual(found, expected));

  it('can be BEARER_TOKEN if an existing pod has it', () => {
    const found = findOf('BEARER_TOKEN', [{ name: 'BEARER_TOKEN', value: '/m/token' }]);
    assert.deepEqual(found, { isSet: true, warnings: [] });
  });

  it('has the path as its value, with its dollars escaped', () => {
    assert.deepEqual(makeEnv('FILE', '/a$b'), { name: 'FILE', value: '/a$$b' });
  });
});
