import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseOtherSecret,
  parseSecretMetadata,
  parseWholeMetadata,
  readKeyTerms,
} from '../../src/resources/secret.ts';

describe('the limits for the stored parts of a Secret', () => {
  const OURS = 'tokens.osg-htc.org/';
  const GRANTS = `${OURS}allowed-namespaces`;
  const x = (length: number): string => 'x'.repeat(length);
  const read = (metadata: object) => parseSecretMetadata({ metadata });
  /** Labels and annotations as if the service had applied them. */
  const applied = (labels: Record<string, string>, annotations: Record<string, string>): object => {
    const fields = (map: object): object =>
      Object.fromEntries(Object.keys(map).map((name) => [`f:${name}`, {}]));
    const fieldsV1 = { 'f:metadata': { 'f:labels': fields(labels), 'f:annotations': fields(annotations) } };
    return {
      labels,
      annotations,
      managedFields: [{ manager: 'jwt-injector', operation: 'Apply', fieldsV1 }],
    };
  };

  const parsers = [parseSecretMetadata, parseOtherSecret];

  for (const [name, longest] of [
    ['jwt', 317],
    ['adopt', 317],
    ['last-signing-time', 64],
    ['expires-at', 64],
    ['allowed-issuers', 0],
    ['allowed-scopes', 0],
    ['max-lifetime', 0],
  ] as const) {
    it(`are ${longest} characters of the annotation ${name}`, () => {
      for (const parse of parsers) {
        const annotationOf = (length: number): unknown =>
          parse({ metadata: { annotations: { [`${OURS}${name}`]: x(length) } } }).annotations[
            `${OURS}${name}`
          ];
        assert.equal(annotationOf(longest), x(longest));
        assert.equal(annotationOf(longest + 1), '(too long)');
      }
    });
  }

  it('are 512 characters of a list of granted namespaces, which is read completely if needed', () => {
    const metadataOf = (length: number): object => ({ annotations: { [GRANTS]: x(length) } });
    for (const parse of parsers) {
      const kept = (length: number): unknown => {
        const { annotations, hasLongGrants = false } = parse({ metadata: metadataOf(length) });
        return [annotations[GRANTS], hasLongGrants];
      };
      assert.deepEqual(kept(512), [x(512), false]);
      for (const length of [513, 16_384]) assert.deepEqual(kept(length), ['(too long)', true]);
      assert.deepEqual(kept(16_385), ['(too long)', false]);
    }
    for (const readWhole of [readKeyTerms, (object: object) => parseWholeMetadata(object).annotations]) {
      assert.deepEqual(readWhole({ metadata: metadataOf(16_384) }), { [GRANTS]: x(16_384) });
      assert.deepEqual(readWhole({ metadata: metadataOf(16_385) }), { [GRANTS]: '(too long)' });
    }
    assert.equal(parseWholeMetadata({ metadata: metadataOf(513) }).hasLongGrants, undefined);
  });

  it('are 2,048 characters of labels, names and values together', () => {
    const labels = (length: number): Record<string, string> => ({ [x(100)]: '', a: x(length - 101) });
    assert.deepEqual(read({ labels: labels(2_048) }).labels, labels(2_048));
    assert.deepEqual(read({ labels: labels(2_049) }).labels, {});
    assert.deepEqual(read({ labels: { [x(2_049)]: '' } }).labels, {});
  });

  it('are 20,480 characters of labels that we wrote, if all labels are longer', () => {
    const others = { theirs: x(2_048) };
    const labelsOf = (length: number): readonly string[] => {
      const labels = { a: x(9_999), b: x(length - 10_001) };
      const { managedFields } = applied(labels, {}) as { managedFields: unknown };
      return Object.keys(read({ labels: { ...others, ...labels }, managedFields }).labels);
    };
    assert.deepEqual(labelsOf(20_480), ['a', 'b']);
    assert.deepEqual(labelsOf(20_481), ['a']);
  });

  it('are 20,480 characters of annotations that we wrote', () => {
    const annotationsOf = (length: number): readonly string[] =>
      Object.keys(read(applied({}, { a: x(9_999), b: x(length - 10_001) })).annotations);
    assert.deepEqual(annotationsOf(20_480), ['a', 'b']);
    assert.deepEqual(annotationsOf(20_481), ['a']);
  });

  it('are 20,480 characters of names that we own', () => {
    const namesOf = (length: number): readonly string[] => {
      const annotations = { [x(10_000)]: '', [`y${x(length - 10_001)}`]: '' };
      return read(applied({}, annotations)).ours.annotations;
    };
    assert.equal(namesOf(20_480).length, 2);
    assert.equal(namesOf(20_481).length, 1);
  });
});
