import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeKeyInOwnSecret, isKeyInOwnSecret } from '../../src/resources/key-in-own-secret.ts';
import { parseKeySource } from '../../src/resources/key-source.ts';

const NEITHER = 'set spec.key.secret {name, key}';
const NAME = 'spec.key.secret.name must name the Secret that holds the key';
const DATA_KEY = 'spec.key.secret.key must name the data key of the Secret that holds the private key';
const LONG = 'spec.key.secret: a name has more than 253 characters';
const long = 'x'.repeat(254);
const longest = 'x'.repeat(253);

describe('the source of a key', () => {
  const read: readonly (readonly [unknown, object])[] = [
    [{ value: ' pem\n' }, { from: 'value', text: ' pem\n' }],
    [{ value: 'x'.repeat(16_384) }, { from: 'value', text: 'x'.repeat(16_384) }],
    [{ secret: { name: 'k', key: 'p' } }, { from: 'secret', name: 'k', key: 'p' }],
    [{ secret: { name: 'k', key: 'p', namespace: '' } }, { from: 'secret', name: 'k', key: 'p' }],
    [
      { secret: { name: longest, key: longest, namespace: 'n'.repeat(63) }, value: null, configMap: null },
      { from: 'secret', name: longest, key: longest, namespace: 'n'.repeat(63) },
    ],
  ];
  for (const [key, value] of read) {
    it(`is read from ${JSON.stringify(key).slice(0, 70)}`, () => {
      assert.deepEqual(parseKeySource(key), { ok: true, value });
    });
  }

  const refused: readonly (readonly [unknown, string])[] = [
    [null, `spec.key is missing: ${NEITHER}`],
    ['pem', `spec.key is missing: ${NEITHER}`],
    [{}, `spec.key must have exactly one source, it has none: ${NEITHER}`],
    [
      { value: 'pem', configMap: {} },
      `spec.key must have exactly one source, it has value and configMap: ${NEITHER} and nothing else`,
    ],
    [
      { value: 'pem', secret: {}, configMap: {} },
      `spec.key must have exactly one source, it has value and secret and configMap: ${NEITHER} and nothing else`,
    ],
    [
      { configMap: { name: 'k', key: 'p' } },
      'spec.key.configMap: a private key in a ConfigMap is never read: move the key into a Secret: kubectl create secret ' +
        'generic NAME --from-file=key.pem, then set spec.key.secret {name: NAME, key: key.pem}',
    ],
    [{ value: ' \n' }, 'spec.key.value must hold a PEM or JWK text'],
    [{ value: { kty: 'EC' } }, 'spec.key.value must hold a PEM or JWK text'],
    [
      { value: 'x'.repeat(16_385) },
      'spec.key.value: the text has more than 16384 characters: give the private key alone',
    ],
    [{ secret: 'k' }, NAME],
    [{ secret: { key: 'p' } }, NAME],
    [{ secret: { name: '', key: 'p' } }, NAME],
    [{ secret: { name: 'k' } }, DATA_KEY],
    [{ secret: { name: 'k', key: '' } }, DATA_KEY],
    [{ secret: { name: long, key: 'p' } }, LONG],
    [{ secret: { name: 'k', key: long } }, LONG],
    [
      { secret: { name: 'k', key: 'p', namespace: 'n'.repeat(64) } },
      'spec.key.secret.namespace has more than 63 characters',
    ],
  ];
  for (const [key, message] of refused) {
    it(`is refused for ${JSON.stringify(key).slice(0, 70)}`, () => {
      assert.deepEqual(parseKeySource(key), { ok: false, problem: { reason: 'KeyUnreadable', message } });
    });
  }
});

describe('a key in the Secret to which the token would be written', () => {
  const jwt = { namespace: 'science', name: 'my-jwt' };
  const secret = { from: 'secret', name: 'my-jwt', key: 'p' } as const;
  const cases: readonly (readonly [string, Parameters<typeof isKeyInOwnSecret>[1], string, boolean])[] = [
    ['the Secret of the JWT’s name', secret, 'science', true],
    ['the same, with its namespace', { ...secret, namespace: 'science' }, 'vault', true],
    ['a Secret of another name', { ...secret, name: 'key' }, 'science', false],
    ['a Secret of this name in another namespace', { ...secret, namespace: 'vault' }, 'science', false],
    ['a Secret of this name where keys without a namespace are looked for', secret, 'vault', false],
    ['the key itself', { from: 'value', text: 'my-jwt' }, 'science', false],
  ];
  for (const [name, key, defaultNamespace, expected] of cases) {
    it(`${expected ? 'is' : 'is not'} what a JWT has that names ${name}`, () => {
      assert.equal(isKeyInOwnSecret(jwt, key, defaultNamespace), expected);
    });
  }

  it('is a conflict; the remedy never deletes the key', () => {
    const { reason, message } = describeKeyInOwnSecret(jwt);
    assert.equal(reason, 'SecretConflict');
    assert.match(
      message,
      /^spec\.key\.secret names Secret my-jwt, where the token of this JWT would be written: /,
    );
    assert.match(
      message,
      /Store the key in a Secret of another name .*, or create the JWT under another name; or name the namespace of the key .*another one$/,
    );
    assert.doesNotMatch(message, /delete|replace|hand/i);
  });
});
