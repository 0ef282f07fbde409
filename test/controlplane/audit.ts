import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { waitUntil } from './wait-until.ts';

const POLICY = 'audit-policy.json';
const LOG = 'audit.log';

/**
 * Log pod creations with the webhook annotations, all changes by the administrator, and all requests of our
 * ServiceAccounts.
 */
const RULES = [
  {
    level: 'Metadata',
    users: ['jwt-injector', 'jwt-injector-controller'].map(
      (name) => `system:serviceaccount:jwt-injector:${name}`,
    ),
  },
  { level: 'Metadata', verbs: ['create'], resources: [{ group: '', resources: ['pods'] }] },
  { level: 'Metadata', userGroups: ['system:masters'], verbs: ['create', 'update', 'patch', 'delete'] },
  { level: 'None' },
];

/** An event of the log (audit.k8s.io/v1). A test that expects a missing member fails. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look deep into it
export type AuditEvent = any;

/** The requests to the API server since the audit was opened. */
export interface Audit {
  /** Resolves to the first event, past or future, that matches. */
  waitForEvent(fits: (event: AuditEvent) => boolean): Promise<AuditEvent>;
  /** All events so far. */
  events(): Promise<readonly AuditEvent[]>;
}

/**
 * Writes the policy into the folder of a control plane, which is the working directory of its API server.
 * Gives the flags for it.
 */
export async function prepareAudit(folder: string): Promise<readonly string[]> {
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] };
  await writeFile(join(folder, POLICY), JSON.stringify({ ...policy, rules: RULES }));
  return [`--audit-policy-file=${POLICY}`, `--audit-log-path=${LOG}`, '--audit-log-mode=blocking'];
}

/** Reads the audit log of a cluster with `audit`, from now on. */
export async function openAudit({ folder }: Pick<Cluster, 'folder'>): Promise<Audit> {
  const path = join(folder, LOG);
  let { size: read } = await stat(path);
  const known: AuditEvent[] = [];
  const events = async (): Promise<readonly AuditEvent[]> => {
    const from = read;
    await using file = await open(path);
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - from), position: from });
    if (read !== from) return known; // another call has read it meanwhile
    const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1; // the last line can be incomplete
    const lines = buffer.subarray(0, end).toString().split('\n').slice(0, -1);
    read += end;
    known.push(...lines.map((line): AuditEvent => JSON.parse(line)));
    return known;
  };
  return {
    waitForEvent: (fits) => waitUntil('an audit event', 60_000, async () => (await events()).find(fits)),
    events,
  };
}
