import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkAnnotationKeys, checkLabelKeys } from '../../../src/admission/annotations/annotation-keys.ts';

const P = 'tokens.osg-htc.org/';
const texts = (keys: readonly string[], options = {}): readonly string[] =>
  checkAnnotationKeys(Object.fromEntries(keys.map((key) => [key, 'x'])), options).map(({ text }) => text);

describe('the warning about an annotation without effect says where it belongs, or which one was probably meant:', () => {
  const homes: Readonly<Record<string, string>> = {
    renew: 'the JWT',
    rotation: 'the JWT',
    adopt: 'the Secret of the token',
    jwt: 'the Secret of the token',
    'last-signing-time': 'the Secret of the token',
    'expires-at': 'the Secret of the token',
    'allowed-namespaces': 'the key Secret',
    'allowed-issuers': 'the key Secret',
    'allowed-scopes': 'the key Secret',
    'max-lifetime': 'the key Secret',
  };
  for (const [name, home] of Object.entries(homes)) {
    it(name, () =>
      assert.deepEqual(checkAnnotationKeys({ [P + name]: '' }), [
        { kind: 'misplaced', text: `annotation ${P}${name} has no effect here: it belongs on ${home}` },
      ]),
    );
  }

  it('also behind many keys of others', () => {
    const others = Array.from({ length: 100 }, (_, index) => `example.org/key-${index}`);
    assert.deepEqual(texts([...others, 'token.osg-htc.org/token']), texts(['token.osg-htc.org/token']));
    assert.equal(texts(['token.osg-htc.org/token']).length, 1);
  });

  const unknown: Readonly<Record<string, string>> = {
    [`${P}tokn`]: 'did you mean token?',
    [`${P}skipContainers`]: 'did you mean skip-containers?',
    [P]: 'known are token, inject, containers …',
    [`${P}something-else`]: 'known are token, inject, containers …',
    'token.osg-htc.org/token': `did you mean ${P}token?`,
    'tokens.osghtc.org/mount-path': `did you mean ${P}mount-path?`,
  };
  for (const [key, hint] of Object.entries(unknown)) {
    it(key, () =>
      assert.deepEqual(checkAnnotationKeys({ [key]: '' }), [
        { kind: 'unknownAnnotation', text: `unknown annotation "${key}": ${hint}` },
      ]),
    );
  }

  it('the warning about the record of what was copied is given everywhere except on a pod or its template', () => {
    assert.deepEqual(texts([`${P}copied`]), []);
    assert.deepEqual(texts([`${P}copied`], { isWorkload: true }), [
      `annotation ${P}copied has no effect here: jwt-injector writes it on pod templates`,
    ]);
  });
});

describe('there is no warning about an annotation that', () => {
  const quiet: Readonly<Record<string, readonly string[]>> = {
    'is one of ours': [
      'token',
      'inject',
      'containers',
      'skip-containers',
      'mount-path',
      'env-var',
      'file-mode',
    ].map((name) => P + name),
    'is foreign': ['token', 'osg', 'osg/token', 'osgood.example/token', 'a.example/token'],
    'is close to our prefix, and not one of our names': ['token.osg-htc.org/other', 'token.osg-htc.org/'],
  };
  for (const [title, keys] of Object.entries(quiet)) it(title, () => assert.deepEqual(texts(keys), []));

  it('does not exist', () => assert.deepEqual(checkAnnotationKeys(undefined), []));

  it('follows more annotations than can be shown', () => {
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${P}tokn-${index}`);
    assert.equal(texts(many(18)).length, 18);
    assert.equal(texts(many(19)).length, 18);
  });

  it('follows 51 foreign ones that look like ours', () => {
    const others = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `osg-${index}/token`);
    assert.equal(texts([...others(50), `${P}tokn`]).length, 1);
    assert.equal(texts([...others(51), `${P}tokn`]).length, 0);
  });
});

it('a label that should have been an annotation gets a warning', () => {
  const labels = { [`${P}token`]: 'x', [`${P}managed`]: 'true', token: 'x', app: 'y' };
  assert.deepEqual(checkLabelKeys(labels), [
    { kind: 'misplaced', text: `label ${P}token has no effect here: make it an annotation` },
  ]);
  assert.deepEqual(checkLabelKeys(undefined), []);
});
