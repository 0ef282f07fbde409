import type { BareClient } from './bare-client.ts';

/** Requests since the API server started, or of the time between two counts. */
export interface ApiRequests {
  /** By ServiceAccounts outside kube-system: in a benchmark that is the service alone. */
  readonly total: number;
  /** GET and LIST of JWTs and Secrets, by anybody. */
  readonly reads: number;
  /** GET of a single Secret, which is how a private key is read; by anybody. */
  readonly secretsGot: number;
  /** Of JWTs, their status, Secrets and Events, by anybody; also those that changed nothing. The Lease is not one of them. */
  readonly writes: number;
}

const READS = 'GET|LIST';
const WRITES = 'POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION';

/** Asks the API server how many there were. */
export async function countRequests(bare: BareClient): Promise<ApiRequests> {
  return readRequests(await bare.send('GET', '/metrics'));
}

/** From the API server's `/metrics`. */
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
    reads: ofVerbs('jwts|secrets', READS),
    secretsGot: ofVerbs('secrets', 'GET'),
    writes: ofVerbs('jwts|secrets|events', WRITES),
  };
}

/** What came between two counts. */
export function requestsBetween(before: ApiRequests, after: ApiRequests): ApiRequests {
  return {
    total: after.total - before.total,
    reads: after.reads - before.reads,
    secretsGot: after.secretsGot - before.secretsGot,
    writes: after.writes - before.writes,
  };
}
