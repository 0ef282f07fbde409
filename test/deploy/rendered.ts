import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { findBinaries } from '../controlplane/binaries.ts';
import { execute } from '../runs/execute.ts';

/** The folder with bases and components. */
export const KUSTOMIZE = join(import.meta.dirname, '../../deploy/kustomize');

/** A rendered Kubernetes object. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** An admin's own kustomization; folders are relative to `deploy/kustomize`. */
export interface Overlay {
  readonly resources: readonly string[];
  readonly components?: readonly string[];
  /** Files beside it. In their texts, `KUSTOMIZE/…` stands for folders below `deploy/kustomize`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Other members of the kustomization. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** The objects of a stream of YAML documents, read as Kubernetes reads YAML: 0440 is octal. */
export function readObjects(yaml: string): readonly Rendered[] {
  return parseAllDocuments(yaml, { version: '1.1' })
    .map((document): unknown => document.toJS())
    .filter((value): value is Rendered => value !== null);
}

/** An overlay as `kubectl kustomize` renders it. */
export async function renderOverlay(overlay: Overlay): Promise<string> {
  const { resources, components = [], files = {}, rest = {} } = overlay;
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-kustomize-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content.replaceAll('KUSTOMIZE', relative(dirname(path), KUSTOMIZE)));
    }
    const path = (name: string): string =>
      Object.keys(files).some((file) => file.startsWith(name))
        ? name
        : relative(folder, join(KUSTOMIZE, name));
    const kustomization = { resources: resources.map(path), components: components.map(path), ...rest };
    await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
    const { kubectl } = await findBinaries();
    return (await execute(kubectl, ['kustomize', folder])).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
