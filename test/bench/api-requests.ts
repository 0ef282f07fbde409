import type { AuditEvent } from '../controlplane/audit.ts';
import type { BareClient } from './bare-client.ts';

/** Numbers of requests since the API server started, or between two counts. */
export interface ApiRequests {
  /** Requests by ServiceAccounts outside kube-system: in a benchmark these are all by the service. */
  readonly total: number;
  /** GET of a single Secret, which is how a private key is read; by all users. */
  readonly secretsGot: number;
  /**
   * Writes of JWTs, their status, Secrets and Events, by all users, including those that changed nothing. The
   * Lease is not counted.
   */
  readonly writes: number;
  /** The part of `writes` that is server-side applies of a JWT's status, as the service makes them. */
  readonly statusesApplied: number;
}

const WRITES = 'POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION';

/** Reads the present counts from the API server. */
export async function countRequests(bare: BareClient): Promise<ApiRequests> {
  return readRequests(await bare.send('GET', '/metrics'));
}

/** Reads the counts from the API server's `/metrics`. */
export function readRequests(metrics: string): ApiRequests {
  const sum = (name: string, labels: readonly string[]): number => {
    const line = new RegExp(
      `^${name}\\{${labels.map((label) => `[^}]*${label}`).join('')}[^}]*\\} (\\S+)$`,
      'gm',
    );
    return [...metrics.matchAll(line)].reduce((total, [, value]) => total + Number(value), 0);
  };
  // The API server sorts labels by name: "resource" comes before "verb".
  const ofVerbs = (resources: string, verbs: string): number =>
    sum('apiserver_request_total', [`\\bresource="(?:${resources})"`, `\\bverb="(?:${verbs})"`]);
  return {
    total: sum('apiserver_flowcontrol_dispatched_requests_total', ['flow_schema="service-accounts"']),
    secretsGot: ofVerbs('secrets', 'GET'),
    writes: ofVerbs('jwts|secrets|events', WRITES),
    statusesApplied: sum('apiserver_request_total', [
      '\\bresource="jwts"',
      '\\bsubresource="status"',
      '\\bverb="APPLY"',
    ]),
  };
}

/** The requests between two counts. */
export function requestsBetween(before: ApiRequests, after: ApiRequests): ApiRequests {
  return {
    total: after.total - before.total,
    secretsGot: after.secretsGot - before.secretsGot,
    writes: after.writes - before.writes,
    statusesApplied: after.statusesApplied - before.statusesApplied,
  };
}

/**
 * GET and LIST of anything, the Lease included, by the service: the API server’s metrics name no user, and the control
 * plane reads Leases of its own. `undefined` if the log has no request of the service at all: its leader writes
 * the Lease every few seconds.
 */
export function countReads(events: readonly AuditEvent[]): number | undefined {
  const ours = events.filter(
    ({ user }) => user.username === 'system:serviceaccount:jwt-injector:jwt-injector',
  );
  if (ours.length === 0) return undefined;
  return ours.filter(({ verb }) => verb === 'get' || verb === 'list').length;
}
