import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openAudit, type AuditEvent } from '../controlplane/audit.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Stage } from '../controlplane/stage.ts';
import { NRP_KEY } from '../fixtures/keys.ts';
import type { Objects } from './objects.ts';
import { borrowTenantStage, type Tenant } from './tenant.ts';

/** Verbs of the audit log that write nothing. */
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

describe('a service that starts when nothing has to be done', { concurrency: false }, () => {
  let stage: Stage<Cluster>;
  let objects: Objects;
  let tenant: Tenant;
  before(async () => ({ stage, objects, tenant } = await borrowTenantStage('restarts')));
  after(() => stage.stop());

  it('writes nothing, and reads no private key until it has to sign', async () => {
    await tenant.applySecret('restart-key', { 'key.pem': NRP_KEY });
    const spec = { key: { secret: { name: 'restart-key', key: 'key.pem' } } };
    await tenant.apply('key-by-name', spec);
    await objects.waitForCondition('restarts', 'key-by-name', 'Ready', 'True', 'Signed');
    const versions = async () =>
      Object.fromEntries(
        [...(await objects.list('jwts', 'restarts')), ...(await objects.list('secrets', 'restarts'))].map(
          ({ metadata }) => [metadata.uid, metadata.resourceVersion],
        ),
      );
    const earlier = await versions();
    await stage.service().stop();
    const audit = await openAudit(stage.cluster);
    const isOurs = ({ user }: AuditEvent): boolean =>
      user.username.startsWith('system:serviceaccount:jwt-injector:');
    const readsKey = (event: AuditEvent): boolean =>
      isOurs(event) &&
      event.verb === 'get' &&
      event.objectRef?.resource === 'secrets' &&
      event.objectRef.name === 'restart-key';
    // Includes writes that changed nothing, which give an object no new version.
    const writes = (event: AuditEvent): boolean =>
      isOurs(event) &&
      !READS.has(event.verb) &&
      ['jwts', 'secrets'].includes(event.objectRef?.resource) &&
      event.objectRef.namespace === 'restarts';
    const service = await stage.startService();
    // A JWT that is created after the restart is processed after those that were listed.
    await tenant.apply('afterwards');
    await tenant.waitForToken('afterwards', (token) => token !== '');
    const { [(await objects.get('jwts', 'restarts', 'afterwards')).metadata.uid]: jwt, ...rest } =
      await versions();
    assert.ok(jwt);
    const { [(await objects.get('secrets', 'restarts', 'afterwards')).metadata.uid]: secret, ...others } =
      rest;
    assert.ok(secret);
    assert.deepEqual(others, earlier);
    await service.waitForLog(({ msg, name }) => msg === 'signed' && name === 'afterwards');
    assert.equal(service.logLines().filter(({ msg }) => msg === 'signed').length, 1);
    await audit.waitForEvent(writes);
    const events = await audit.events();
    const written = new Set(events.filter(writes).map(({ objectRef }) => objectRef.name));
    assert.deepEqual([...written], ['afterwards']);
    assert.deepEqual(events.filter(readsKey), []);
    const renew = 'tokens.osg-htc.org/renew=please';
    await stage.cluster.kubectl(['annotate', 'jwt', '-n', 'restarts', 'key-by-name', renew]);
    await audit.waitForEvent(readsKey);
  });
});
