import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

const TEXT = { type: 'string' } as const;

function oneOf(properties: Readonly<Record<string, object>>): object {
  return {
    type: 'object',
    properties,
    oneOf: Object.keys(properties).map((name) => ({ required: [name] })),
  };
}

function object(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', properties };
}

/**
 * The CRD of token-manager's charts: scope, names, the fields with their types, and the required fields.
 * Charts 1.0.1 to 1.0.4 have the scope `Cluster`.
 */
export function tokenManagerCrd(scope: 'Namespaced' | 'Cluster'): object {
  const integer = { type: 'integer' };
  const span = oneOf({ days: integer, hours: integer, minutes: integer });
  const place = object({ namespace: TEXT, name: TEXT, key: TEXT });
  const spec = {
    ...object({
      issuer: TEXT,
      data: { type: 'object', additionalProperties: true },
      keyId: TEXT,
      algorithm: { ...TEXT, enum: ['RS256', 'ES256'] },
      key: oneOf({ secret: place, configMap: place, value: TEXT }),
      expiryTime: span,
      resignBefore: span,
    }),
    required: ['issuer', 'data', 'expiryTime', 'keyId', 'algorithm', 'key'],
  };
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: object({ spec }) } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'jwts.tokens.osg-htc.org' },
    spec: {
      group: 'tokens.osg-htc.org',
      scope,
      versions: [version],
      names: { kind: 'JWT', singular: 'jwt', plural: 'jwts' },
    },
  };
}

/**
 * A chart with this CRD in `crds/`, as in token-manager's charts. Helm installs such a CRD and never changes
 * it. Gives the chart's folder.
 */
export async function writeTokenManagerChart(
  folder: string,
  version: string,
  scope: 'Namespaced' | 'Cluster',
): Promise<string> {
  const chart = join(folder, `token-manager-${version}`);
  await mkdir(join(chart, 'crds'), { recursive: true });
  await writeFile(join(chart, 'Chart.yaml'), stringify({ apiVersion: 'v2', name: 'token-manager', version }));
  await writeFile(join(chart, 'crds/jwts.yaml'), stringify(tokenManagerCrd(scope)));
  return chart;
}
