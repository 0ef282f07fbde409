import { isDeepStrictEqual } from 'node:util';
import type { Loose } from '../integration/objects.ts';
import type { Violation } from './case-file.ts';
import type { Step, Writer } from './steps.ts';

/** I5: after a write, the data of other users in the Secret is unchanged, byte for byte. */
export function findLosses(written: readonly Step[]): readonly Violation[] {
  return written.flatMap(({ sighting, before }) => {
    if (before === undefined || before.uid !== sighting.uid) return [];
    const [kept, had] = [foreignParts(sighting.object), foreignParts(before.object)];
    return Object.keys(had)
      .filter((part) => !isDeepStrictEqual(kept[part], had[part]))
      .map((part) => ({
        invariant: 'I5' as const,
        what: `${sighting.name}: a write of the service changed ${part} of others`,
      }));
  });
}

/** I5: the service must not write a Secret that another user created. */
export function findTrespasses(steps: readonly Step[]): readonly Violation[] {
  const makers = new Map<string, Writer>();
  const trespasses: Violation[] = [];
  for (const { sighting, writer } of steps) {
    const maker = makers.get(sighting.uid) ?? writer;
    makers.set(sighting.uid, maker);
    if (maker === 'suite' && writer === 'service' && !sighting.isGone) {
      const what = `${sighting.name}: the service wrote into a Secret that another user created`;
      trespasses.push({ invariant: 'I5', what });
    }
  }
  return trespasses;
}

/** The parts that the service does not own: everything that its entry in `managedFields` does not name. */
function foreignParts(secret: Loose): Readonly<Record<string, unknown>> {
  const { metadata, data = {}, type, immutable } = secret;
  const entry = (metadata.managedFields ?? []).find(
    ({ manager, operation }: Loose) => manager === 'jwt-injector' && operation === 'Apply',
  );
  const owned = entry?.fieldsV1?.['f:metadata'] ?? {};
  const isOurs = (name: string, fields: Loose = {}): boolean =>
    name.startsWith('tokens.osg-htc.org/') ||
    name === 'app.kubernetes.io/managed-by' ||
    Object.hasOwn(fields, `f:${name}`);
  const without = (map: Loose = {}, fields: Loose = {}): Loose =>
    Object.fromEntries(Object.entries(map).filter(([name]) => !isOurs(name, fields)));
  const { token: _token, ...otherData } = data;
  return {
    data: otherData,
    labels: without(metadata.labels, owned['f:labels']),
    annotations: without(metadata.annotations, owned['f:annotations']),
    finalizers: metadata.finalizers ?? [],
    owners: (metadata.ownerReferences ?? []).filter(({ kind }: Loose) => kind !== 'JWT'),
    type,
    immutable,
  };
}
