import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandPrinter } from '../../../src/commands/cluster/command-printer.ts';
import { findService } from '../../../src/commands/installation/service-state.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { JsonObject } from '../../../src/resources/json.ts';

describe('jwt-injector', () => {
  const refuse = (resource: string, status: number, reason: string) =>
    Promise.reject<JsonObject>(
      new KubeError({ verb: 'get', resource, namespace: 'jwt-injector', status, reason }),
    );
  /** The Lease in namespace jwt-injector, for a user who is not allowed to read webhook configurations. */
  const lease = (spec: JsonObject) => installation(spec, undefined, 'jwt-injector');
  const refusal = (status: number, reason: string) => ({
    get: (path: string) =>
      path.includes('/leases/') ? refuse('leases', status, reason) : refuse('any', 403, 'Forbidden'),
  });
  /**
   * `named` is the namespace in the webhook configurations; `undefined`: the user is not allowed to read
   * them.
   */
  const installation = (spec: JsonObject | undefined, named: string | undefined, namespace: string) => ({
    get: (path: string): Promise<JsonObject> => {
      if (path.includes('/admissionregistration.k8s.io/'))
        return named === undefined
          ? refuse('any', 403, 'Forbidden')
          : Promise.resolve({ webhooks: [{ clientConfig: { service: { namespace: named } } }] });
      return spec !== undefined && path.includes(`/namespaces/${namespace}/leases/`)
        ? Promise.resolve({ spec })
        : refuse('leases', 404, 'NotFound');
    },
  });
  const find = (client: ReturnType<typeof refusal>, clockAhead = 0) => {
    const version = () => Promise.resolve({ version: 'v1.34.1', date: Date.now() - 500 + clockAhead });
    return findService({ client: { ...client, version }, printer: commandPrinter({}) });
  };
  const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

  it('runs if its Lease was renewed in time', async () => {
    const { runs } = await find(lease({ holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: ago(3) }));
    assert.equal(runs, true);
  });

  it('is searched for in the namespace in the webhook configurations, and its leader by the name of its pod', async () => {
    const spec = {
      holderIdentity: 'jwt-injector-controller-5d8f-x2x_6a2f',
      leaseDurationSeconds: 15,
      renewTime: ago(3),
    };
    assert.deepEqual(await find(installation(spec, 'tokens', 'tokens')), {
      runs: true,
      words:
        'jwt-injector is running, but has not served the request: see the log of its leader (kubectl logs -n tokens jwt-injector-controller-5d8f-x2x)',
    });
    assert.deepEqual(await find(installation(undefined, 'tokens', 'tokens')), {
      runs: false,
      words: 'jwt-injector is not running, and never was: kubectl get pods -n tokens',
    });
  });

  it('does not run if its Lease was not renewed, or was released', async () => {
    const late = await find(lease({ holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: ago(120) }));
    assert.deepEqual(late, {
      runs: false,
      words: 'jwt-injector has not been running for 2 min: kubectl get pods -n jwt-injector',
    });
    assert.equal(
      (await find(lease({ holderIdentity: '', leaseDurationSeconds: 1, renewTime: ago(0) }))).runs,
      false,
    );
  });

  it('is judged by the clock of the API server, if that of this machine is ahead or behind', async () => {
    const byCluster = (renewTime: string) =>
      lease({ holderIdentity: 'a', leaseDurationSeconds: 15, renewTime });
    assert.equal((await find(byCluster(ago(120)), -119_000)).runs, true);
    assert.equal((await find(byCluster(ago(-60)), 119_000)).runs, false);
  });

  it('is not known to run without a Lease, or if the user is not allowed to read it', async () => {
    const elsewhere = await find(refusal(404, 'NotFound'));
    assert.equal(elsewhere.runs, undefined);
    assert.match(elsewhere.words, /^it is not known in which namespace jwt-injector is, and it never ran in/);
    const hidden = await find(refusal(403, 'Forbidden'));
    assert.equal(hidden.runs, undefined);
    assert.match(
      hidden.words,
      /not known whether jwt-injector is running, because you are not allowed to read leases in namespace jwt-injector; ask an administrator/,
    );
  });
});
