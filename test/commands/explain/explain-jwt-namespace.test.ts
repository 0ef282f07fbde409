import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../../src/commands/explain.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { refuse } from '../../kube/bad-server.ts';
import { startStoredApi } from '../stored-api.ts';

const CONFIGURATION = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/jwt-injector';

describe('explain jwt NAME about an overdue renewal', () => {
  it('says where to look for jwt-injector', async () => {
    await using api = await startStoredApi();
    api.objects.set('/apis/tokens.osg-htc.org/v1/namespaces/science/jwts/my-jwt', wireJwt());
    const webhooks = [{ clientConfig: { service: { name: 'jwt-injector', namespace: 'tokens' } } }];
    api.objects.set(CONFIGURATION, { metadata: { name: 'jwt-injector' }, webhooks });
    const explain = () => api.run(explainCommand, 'jwt', 'my-jwt', '-n', 'science');
    assert.match((await explain()).out, /jwt-injector is not running:\n {2}kubectl get pods -n tokens$/m);
    api.interfere = ({ path }, response) => {
      if (!path.includes('admissionregistration')) return undefined;
      refuse(response, 403, 'Forbidden');
      return 'answered';
    };
    assert.match((await explain()).out, /^ {2}kubectl get pods -n jwt-injector$/m, 'where it usually is');
  });
});
