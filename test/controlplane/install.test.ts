import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitManifests, installShipped, renderShipped } from './install.ts';
import { borrowStage } from './loan.ts';

const PLACE = { webhookPort: 8443, caBundle: 'PEM' };

describe('fitting the shipped manifests to a cluster without nodes', () => {
  it('turns services of webhooks into loopback addresses, with the authority in base64', () => {
    const webhook = {
      name: 'pods',
      failurePolicy: 'Fail',
      clientConfig: { service: { name: 's', path: '/mutate/pods' } },
    };
    const [fitted] = fitManifests([{ kind: 'MutatingWebhookConfiguration', webhooks: [webhook] }], PLACE);
    const clientConfig = { url: 'https://127.0.0.1:8443/mutate/pods', caBundle: 'UEVN' };
    assert.deepEqual(fitted, {
      kind: 'MutatingWebhookConfiguration',
      webhooks: [{ ...webhook, clientConfig }],
    });
  });

  it('leaves out Deployments, and everything else as it is', () => {
    const others = [{ kind: 'Service', spec: { ports: [] } }, { kind: 'ServiceAccount' }];
    assert.deepEqual(fitManifests([{ kind: 'Deployment' }, ...others], PLACE), others);
  });

  it('differs from what is shipped in these two things only', async () => {
    await using stage = await borrowStage({ withoutService: true });
    const controlPlane = stage.cluster;
    const shipped = await renderShipped(controlPlane, 'default');
    const fitted = fitManifests(shipped, PLACE);
    assert.equal(shipped.length - fitted.length, 1);
    const urls: string[] = JSON.stringify(fitted).match(/"url":"[^"]*"/g) ?? [];
    assert.equal(urls.length, JSON.stringify(shipped).match(/"clientConfig"/g)?.length);
    assert.ok(urls.includes('"url":"https://127.0.0.1:8443/mutate/pods"'));

    // The API server accepts them, twice, and the ServiceAccount has the shipped rights.
    for (const webhookPort of [8443, 8444]) {
      await installShipped(controlPlane, { webhookPort, caBundle: controlPlane.ca });
    }
    const kubeconfig = await controlPlane.serviceAccountKubeconfig('jwt-injector', 'jwt-injector');
    await controlPlane.kubectl(['get', 'jwts', '--all-namespaces'], { kubeconfig });
    const pods = await controlPlane.kubectl(['get', 'pods'], { kubeconfig, allowFailure: true });
    assert.match(pods.stderr, /Forbidden/);
    const read = ['get', 'mutatingwebhookconfiguration', 'jwt-injector', '--output=jsonpath={..url}'];
    assert.match((await controlPlane.kubectl(read)).stdout, /^https:\/\/127\.0\.0\.1:8444\/mutate/);
  });
});
