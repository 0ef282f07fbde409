import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countReads, readRequests, requestsBetween } from './api-requests.ts';

const request = (resource: string, verb: string, subresource: string, count: number): string =>
  `apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="${resource}",` +
  `scope="resource",subresource="${subresource}",verb="${verb}",version="v1"} ${count}`;
const dispatched = (schema: string, count: number): string =>
  `apiserver_flowcontrol_dispatched_requests_total{flow_schema="${schema}",priority_level="a"} ${count}`;

const METRICS = [
  dispatched('service-accounts', 7),
  dispatched('kube-system-service-accounts', 1_000),
  request('secrets', 'GET', '', 1),
  request('secrets', 'LIST', '', 2),
  request('secrets', 'WATCH', '', 1_000),
  request('secrets', 'APPLY', '', 3),
  request('jwts', 'GET', '', 4),
  request('jwts', 'APPLY', 'status', 5),
  request('events', 'POST', '', 6),
  request('leases', 'PUT', '', 1_000),
].join('\n');

const COUNTS = { total: 7, secretsGot: 1, writes: 14, statusesApplied: 5 };

describe('requests, as the API server counts them', () => {
  it('are those of the service by its flow schema, and by resource and verb', () => {
    assert.deepEqual(readRequests(METRICS), COUNTS);
  });

  it('that read something are all GET and LIST by the service, of Leases, too', () => {
    const by = (username: string, verb: string, resource: string) => ({
      user: { username: `system:${username}` },
      verb,
      objectRef: { resource },
    });
    const ours = 'serviceaccount:jwt-injector:jwt-injector';
    const events = [
      by(ours, 'get', 'leases'),
      by(ours, 'list', 'namespaces'),
      by(ours, 'watch', 'jwts'),
      by(ours, 'patch', 'leases'),
      by('kube-controller-manager', 'get', 'leases'),
    ];
    assert.equal(countReads(events), 2);
    assert.equal(countReads(events.slice(3, 4)), 0);
    assert.equal(countReads(events.slice(4)), undefined);
  });

  it('between two counts are the difference', () => {
    const requests = requestsBetween(readRequests(''), readRequests(METRICS));
    assert.deepEqual(requests, COUNTS);
  });
});
