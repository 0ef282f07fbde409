import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  hasPath,
  isKnownScope,
  lacksRead,
  readScopes,
  type Scopes,
} from '../../../src/signing/lint/scopes.ts';

const NOTHING: Scopes = {
  form: 'text',
  hasCommas: false,
  hasOtherSpace: false,
  storage: [],
  hasSciTokens: false,
  hasOtherPurpose: false,
  hasOddPath: false,
};
const READ = { name: 'storage.read', path: '/' };
const WRITE = { name: 'storage.create', path: '/data,v1' };

describe('a claim scope', () => {
  const cases: readonly (readonly [title: string, scope: unknown, read: Partial<Scopes>])[] = [
    ['a single one', 'storage.read:/', { storage: [READ] }],
    ['several', ' openid  storage.read:/ x', { storage: [READ] }],
    ['several, with a tab between', 'openid\tstorage.read:/ x', { hasOtherSpace: true, storage: [READ] }],
    ['a line break at the end', 'storage.read:/\n', { hasOtherSpace: true, storage: [READ] }],
    [
      'each of the four that have to do with storage, in their order',
      'storage.write:/w storage.modify:/m storage.create:/c storage.read:/r',
      {
        storage: [
          { name: 'storage.write', path: '/w' },
          { name: 'storage.modify', path: '/m' },
          { name: 'storage.create', path: '/c' },
          { name: 'storage.read', path: '/r' },
        ],
      },
    ],
    [
      'without a path, with an empty one, and at the end',
      'storage.read storage.create: storage.modify',
      {
        storage: [
          { name: 'storage.read', path: '' },
          { name: 'storage.create', path: '' },
          { name: 'storage.modify', path: '' },
        ],
      },
    ],
    ['names that only begin or end alike', 'xstorage.read:/ storage.reader:/ storage.delete:/', {}],
    ['a comma in a path', 'storage.create:/data,v1', { storage: [WRITE] }],
    ['commas between', 'storage.read:/,storage.create:/data,v1', { hasCommas: true, storage: [READ, WRITE] }],
    ['a comma and white space', 'storage.read:/, openid', { hasCommas: true, storage: [READ] }],
    [
      'a comma before another word that is known',
      'storage.read:/,openid',
      { hasCommas: true, storage: [READ] },
    ],
    ['a comma at the end', 'storage.read:/,', { hasCommas: true, storage: [READ] }],
    ['the words of SciTokens', 'read:/ x', { hasSciTokens: true }],
    ['the words of SciTokens behind others', 'x write:/data', { hasSciTokens: true }],
    ['the words of SciTokens behind a comma', 'x,write:/data', { hasCommas: true, hasSciTokens: true }],
    ['words that only end as those of SciTokens do', 'xread:/ spread:/', {}],
    ['the words of HTCondor behind a comma', 'x,condor:/READ', { hasCommas: true, hasOtherPurpose: true }],
    ['a list', ['storage.read:/', 'read:/'], { form: 'other', storage: [READ], hasSciTokens: true }],
    ['a list with something else in it', ['storage.read:/', 7, null], { form: 'other', storage: [READ] }],
    ['a list of nothing else', [7], { form: 'other' }],
    ['a number', 7, { form: 'other' }],
    ['an object', { a: 'storage.read:/' }, { form: 'other' }],
    ['nothing', undefined, { form: 'missing' }],
    ['null', null, { form: 'missing' }],
    ['an empty text', '', { form: 'missing' }],
    ['white space', ' \n', { form: 'missing' }],
    ['an empty list', [], { form: 'missing' }],
    ['a list of empty texts', ['', ' '], { form: 'missing' }],
  ];
  for (const [title, scope, read] of cases)
    it(`is read: ${title}`, () => assert.deepEqual(readScopes(scope), { ...NOTHING, ...read }));
});

describe('scopes of storage', () => {
  it('lack the right to read only if they allow changes', () => {
    const isLacking = (text: string): boolean => lacksRead(readScopes(text));
    assert.ok(isLacking('storage.create:/') && isLacking('openid storage.modify'));
    assert.ok(
      !isLacking('storage.modify:/ storage.read:/') && !isLacking('storage.write:/') && !isLacking(''),
    );
  });

  it('are of use with a name that verifiers know and a path', () => {
    const { storage } = readScopes('storage.read:/ storage.write:/ storage.create:data storage.modify');
    assert.deepEqual(storage.map(isKnownScope), [true, false, true, true]);
    assert.deepEqual(storage.map(hasPath), [true, true, false, false]);
  });
});
