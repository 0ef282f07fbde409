import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** The parts that differ from the usual. */
export interface Parts {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly more?: object;
}

/** A kubeconfig of one cluster, with the contexts `first`, `second` and `broken`. */
export function kubeconfig({ server = 'https://127.0.0.1:6443', cluster, user, more }: Parts = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user: { token: 'tok', ...user } }],
    contexts: [
      { name: 'first', context: { cluster: 'c', user: 'u', namespace: 'here' } },
      { name: 'second', context: { cluster: 'c', user: 'u' } },
      { name: 'broken', context: { cluster: 'nowhere', user: 'u' } },
    ],
    'current-context': 'first',
    ...more,
  });
}

/** A folder for one test, and a function that writes a file there and returns its path. */
export async function inFolder(
  use: (folder: string, write: (name: string, text: string) => Promise<string>) => Promise<void>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'kube-test-'));
  try {
    await use(folder, async (name, text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
