import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { waitUntil } from './wait-until.ts';

const POLICY = 'audit-policy.json';
const LOG = 'audit.log';

/** Who creates which pod and what webhooks say of it, and all that our ServiceAccounts ask for. */
const RULES = [
  {
    level: 'Metadata',
    users: ['jwt-injector', 'jwt-injector-controller'].map(
      (name) => `system:serviceaccount:jwt-injector:${name}`,
    ),
  },
  { level: 'Metadata', verbs: ['create'], resources: [{ group: '', resources: ['pods'] }] },
  { level: 'None' },
];

/** An event as it is in the log (audit.k8s.io/v1); a test that expects a member fails where it is not. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look deep into it
export type AuditEvent = any;

/** What was asked of the API server since the audit was opened. */
export interface Audit {
  /** The first event, past or to come, that fits. */
  waitForEvent(fits: (event: AuditEvent) => boolean): Promise<AuditEvent>;
  /** All events so far. */
  events(): Promise<readonly AuditEvent[]>;
}

/** Writes the policy into the folder of a control plane, where its API server runs; gives the flags for it. */
export async function prepareAudit(folder: string): Promise<readonly string[]> {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] };
  await writeFile(join(folder, POLICY), JSON.stringify({ ...policy, rules: RULES }));
  return [`--audit-policy-file=${POLICY}`, `--audit-log-path=${LOG}`, '--audit-log-mode=blocking'];
}

/** Reads from now on what the API server of a cluster with `audit` writes down. */
export async function openAudit({ folder }: Pick<Cluster, 'folder'>): Promise<Audit> {
  const path = join(folder, LOG);
  await using file = await open(path);
  const { size: start } = await file.stat();
  const events = async (): Promise<readonly AuditEvent[]> => {
    const lines = (await readFile(path)).subarray(start).toString().split('\n');
    return lines.slice(0, -1).map((line): AuditEvent => JSON.parse(line)); // the last one may be half written
  };
  return {
    waitForEvent: (fits) => waitUntil('an audit event', 60_000, async () => (await events()).find(fits)),
    events,
  };
}
