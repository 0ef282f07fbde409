import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { applyPatch, type Operation } from 'rfc6902';
import { desiredSecret } from '../../src/reconcile/desired-secret.ts';
import { takeOverPatch } from '../../src/reconcile/legacy-fields.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import { LAST_SIGNING_TIME } from '../../src/resources/names.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { NOW } from '../fixtures/observed.ts';
import { TRIES } from '../fixtures/tries.ts';

const jwt = makeJwt({}, { metadata: { labels: { team: 'x' } } });
assert.ok(jwt.spec.ok);
const IN_SECRET = { text: 'a.b.c', issuedAt: NOW, expiresAt: NOW + 60 };
const applied = desiredSecret(jwt, jwt.spec.value, IN_SECRET, undefined);
const ownerOf = (uid: string): string => `k:${JSON.stringify({ uid })}`;

type Fields = Readonly<Record<string, unknown>>;
interface Entry {
  readonly manager: string;
  readonly apiVersion: string;
  readonly fieldsType: string;
  readonly time: string;
  readonly operation: string;
  readonly fieldsV1: Fields;
}

/** Names of fields in `fieldsV1`, with their map or list itself, as the API server writes them. */
const below = (...names: readonly string[]): Fields =>
  Object.fromEntries(['.', ...names].map((name) => [name, {}]));
const entryOf = (manager: string, fieldsV1: Fields, operation = 'Update'): Entry => ({
  manager,
  operation,
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  time: '2026-01-01T00:00:00Z',
  fieldsV1,
});
const secretOf = (...managedFields: readonly unknown[]): JsonObject => ({
  metadata: { name: 'my-jwt', resourceVersion: '11', managedFields: structuredClone(managedFields) },
});

/** All that token-manager writes. */
const WRITTEN: Fields = {
  'f:data': below('f:token'),
  'f:metadata': {
    'f:annotations': below(`f:${LAST_SIGNING_TIME}`),
    'f:labels': below('f:team'),
    'f:ownerReferences': below(ownerOf(jwt.uid)),
  },
  'f:type': {},
};
/** What of it becomes ours: all but the maps themselves, which an apply does not own. */
const TAKEN: Fields = {
  'f:data': { 'f:token': {} },
  'f:metadata': {
    'f:annotations': { [`f:${LAST_SIGNING_TIME}`]: {} },
    'f:labels': { 'f:team': {} },
    'f:ownerReferences': { [ownerOf(jwt.uid)]: {} },
  },
  'f:type': {},
};
const tokenManager = entryOf('OpenAPI-Generator', WRITTEN);
const ours = entryOf('jwt-injector', TAKEN, 'Apply');
const note = entryOf('kubectl-label', { 'f:metadata': { 'f:labels': { 'f:team': {}, 'f:note': {} } } });

/** The entries after the patch, which has to fit. */
function patched(...managedFields: readonly unknown[]): unknown {
  const secret = secretOf(...managedFields);
  const patch = structuredClone(takeOverPatch(secret, applied)) as unknown as Operation[];
  assert.ok(applyPatch(secret, patch).every((failure) => failure === null));
  return (secret['metadata'] as { managedFields: unknown }).managedFields;
}

describe('the fields of a Secret as token-manager left it', () => {
  it('become ours if the apply sets them, so that a later one can remove them; of token-manager nothing is left', () => {
    assert.deepEqual(patched(note, tokenManager), [note, ours]);
  });

  it('stay with their manager if the apply does not set them, as others may have written them', () => {
    const foreign: Fields = {
      'f:data': below('f:private.pem'),
      'f:immutable': {},
      'f:metadata': {
        'f:annotations': below('f:note'),
        'f:finalizers': below('v:"example.org/hold"'),
        'f:labels': below('f:old', 'f:tea'),
        'f:ownerReferences': below(ownerOf('another')),
      },
    };
    const inside = foreign['f:metadata'] as Fields;
    const written = WRITTEN['f:metadata'] as Fields;
    const both = Object.keys({ ...inside, ...written }).map((name) => [
      name,
      { ...(inside[name] as Fields | undefined), ...(written[name] as Fields | undefined) },
    ]);
    const all: Fields = {
      ...WRITTEN,
      ...foreign,
      'f:data': below('f:private.pem', 'f:token'),
      'f:metadata': Object.fromEntries(both) as unknown,
    };
    assert.deepEqual(patched(entryOf('velero-server', all)), [
      entryOf('velero-server', foreign),
      entryOf('jwt-injector', TAKEN, 'Apply'),
    ]);
  });

  it('are taken from everyone who wrote the token or its time, also from an own entry of another operation', () => {
    const annotated = entryOf('kubectl-annotate', {
      'f:metadata': { 'f:annotations': { 'f:note': {}, [`f:${LAST_SIGNING_TIME}`]: {} } },
    });
    const updated = entryOf('jwt-injector', { 'f:data': { 'f:token': {} } });
    assert.deepEqual(patched(tokenManager, annotated, updated), [
      entryOf('kubectl-annotate', { 'f:metadata': { 'f:annotations': { 'f:note': {} } } }),
      ours,
    ]);
  });

  it('are dropped if there is an entry of ours: the apply adds them to it', () => {
    const own = entryOf('jwt-injector', { 'f:data': { 'f:token': {} } }, 'Apply');
    assert.deepEqual(patched(own, tokenManager), [own]);
  });

  it('stay unchanged if the Secret changed meanwhile', () => {
    const secret = secretOf(tokenManager);
    const changed = { metadata: { ...(secret['metadata'] as object), resourceVersion: '12' } };
    const patch = structuredClone(takeOverPatch(secret, applied)) as unknown as Operation[];
    assert.equal(applyPatch(changed, patch)[0]?.name, 'TestError');
  });

  it('need no patch if nobody else wrote the token or its time', () => {
    for (const secret of [
      secretOf(),
      secretOf(note),
      secretOf('junk', null, {}, { fieldsV1: { 'f:metadata': {}, 'f:data': null } }),
      secretOf(ours),
      {},
    ])
      assert.deepEqual(takeOverPatch(secret, applied), []);
  });

  it('are found among entries that cannot be read, which stay', () => {
    assert.deepEqual(patched('junk', null, tokenManager), ['junk', null, ours]);
  });

  it('stay with their manager, or are set by the apply: whatever the entries are', () => {
    const set: readonly Path[] = [
      ['f:type'],
      ['f:data', 'f:token'],
      ['f:metadata', 'f:annotations', `f:${LAST_SIGNING_TIME}`],
      ['f:metadata', 'f:labels', 'f:team'],
      ['f:metadata', 'f:ownerReferences', ownerOf(jwt.uid)],
    ];
    const maps: readonly Path[] = [
      [],
      ['f:data'],
      ['f:metadata'],
      ['f:metadata', 'f:annotations'],
      ['f:metadata', 'f:labels'],
      ['f:metadata', 'f:ownerReferences'],
      ['f:metadata', 'f:finalizers'],
    ];
    const name = fc.oneof(fc.constantFrom('f:', 'f:team', ownerOf(jwt.uid)), fc.string({ minLength: 2 }));
    const isSet = (path: Path): boolean => set.some((known) => known.join() === path.join());
    const free = fc.tuple(
      fc.constantFrom(...maps),
      name.map((own) => `${own}~`),
    );
    const path = fc.oneof(
      fc.constantFrom(...set),
      free.map(([map, own]): Path => map.concat(own)),
    );
    const entry = fc.record({
      manager: fc.constantFrom('OpenAPI-Generator', 'velero-server'),
      paths: fc.array(path),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3 }), (entries) => {
        const before = entries.map(({ manager, paths }) => entryOf(manager, treeOf(paths)));
        const after = patched(...before) as readonly Entry[];
        const own = after.filter(({ manager }) => manager === 'jwt-injector');
        assert.ok(own.flatMap(({ fieldsV1 }) => pathsOf(fieldsV1)).every(isSet));
        const foreign = (all: readonly Entry[]) =>
          all
            .filter((each) => !own.includes(each))
            .flatMap(({ manager, fieldsV1 }) =>
              pathsOf(fieldsV1).flatMap((found) => (isSet(found) ? [] : [[manager, ...found]])),
            );
        assert.deepEqual(foreign(after), foreign(before));
      }),
      { numRuns: TRIES },
    );
  });
});

type Path = readonly string[];

function treeOf(paths: readonly Path[]): Fields {
  const heads = new Set(paths.flatMap(([head]) => (head === undefined ? [] : [head])));
  const pathsBelow = (head: string): readonly Path[] =>
    paths.flatMap(([first, ...others]) => (first === head && others.length > 0 ? [others] : []));
  const children = [...heads].map((head) => [head, treeOf(pathsBelow(head))] as const);
  return Object.fromEntries(paths.length === 0 ? [] : [['.', {}], ...children]);
}

/** The paths in a tree, without those of the maps and lists themselves. */
function pathsOf(fields: Fields): readonly Path[] {
  return Object.entries(fields).flatMap(([name, inside]): readonly Path[] => {
    if (name === '.') return [];
    const inner = pathsOf(inside as Fields);
    return inner.length === 0 ? [[name]] : inner.map((path) => [name].concat(path));
  });
}
