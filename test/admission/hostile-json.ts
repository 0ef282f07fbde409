import fc from 'fast-check';
import { validPod } from './generated-pods.ts';
import { KEYS } from './pods.ts';

const WORDS = [
  'metadata', 'annotations', 'labels', 'spec', 'containers', 'initContainers', 'ephemeralContainers', 'volumes', 'name',
  'volumeMounts', 'volumeDevices', 'env', 'value', 'valueFrom', 'mountPath', 'devicePath', 'subPath', 'subPathExpr',
  'secret', 'secretName', 'items', 'key', 'path', 'projected', 'sources', 'template', 'jobTemplate', 'os', 'affinity',
  '__proto__', 'constructor', 'toString', 'ownerReferences', 'tokens.osg-htc.org/copied', ...Object.values(KEYS),
]; // prettier-ignore

/** JSON with our keys in wrong places and of wrong types. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom<unknown>(
        null,
        '',
        'a',
        'a,b',
        '/',
        '{}',
        0,
        true,
        'windows',
        'false',
        '/var/run/secrets/jwt',
      ),
      fc.string(),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...WORDS), tie('value')), { maxLength: 5 }).map(toJson),
  ),
})).value;

/** As `JSON.parse` makes it: `__proto__` is a member like any other. */
function toJson(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries);
}

/** A valid pod in which some members are replaced by hostile JSON. */
export const brokenPod: fc.Arbitrary<unknown> = fc
  .tuple(validPod, fc.array(fc.tuple(fc.nat({ max: 60 }), hostileJson), { minLength: 1, maxLength: 3 }))
  .map(([pod, damages]) =>
    damages.reduce<unknown>((broken, [place, junk]) => replaceAt(broken, place, junk), pod),
  );

/** Replaces the n-th value, in the order in which they are written. */
function replaceAt(root: unknown, place: number, junk: unknown): unknown {
  let left = place;
  return JSON.parse(JSON.stringify(root), (_key, value: unknown) => {
    left -= 1;
    return left === 0 ? junk : value;
  });
}
