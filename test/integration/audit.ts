import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from './objects.ts';

/** An API server that writes who created which pod, and what webhooks said of it, to an audit log. */
export interface Audit extends AsyncDisposable {
  readonly apiServerArgs: readonly string[];
  /** The first event, past or to come, that fits. */
  waitForEvent(fits: (event: Loose) => boolean): Promise<Loose>;
}

const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      verbs: ['create'],
      resources: [{ group: '', resources: ['pods'] }],
    },
    { level: 'None' },
  ],
};

export async function prepareAudit(): Promise<Audit> {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-audit-'));
  const [policy, log] = [join(folder, 'policy.json'), join(folder, 'audit.log')];
  await writeFile(policy, JSON.stringify(POLICY));
  return {
    apiServerArgs: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    waitForEvent: (fits) =>
      waitUntil('an audit event', 10_000, async () => {
        const lines = (await readFile(log, 'utf8')).trim().split('\n');
        return lines.map((line): Loose => JSON.parse(line)).find(fits);
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
