import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainCommand } from '../../src/commands/explain.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import { IN_SCIENCE, type World } from './cli-world.ts';
import type { Loose } from './objects.ts';

/** `explain` with all rights. */
export function describeExplain(world: () => World): void {
  const explain = (...args: readonly string[]) => world().admin.run(explainCommand, ...args, ...IN_SCIENCE);

  describe('explain jwt', () => {
    it('describes a JWT that is Ready: claims, the next step, and five renewals', async () => {
      const { code, out, err } = await explain('jwt', 'ready');
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^JWT science\/ready: Ready \(Signed\)$/m);
      assert.match(out, /^ {2}scope +storage\.read:\/ storage\.create:\/$/m);
      assert.match(out, /^ {2}exp +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in (1 d|23 h 59 min)$/m);
      assert.match(
        out,
        /^ {2}nothing until it is renewed at .* UTC, in (18 h 5\d min|19 h): the token is valid/m,
      );
      assert.equal(out.match(/^ {2}\d\. .*expires/gm)?.length, 5);
      assert.match(out, /^ {2}advice: spec\.expiryTime is 1 d: WLCG allows 6 h unless agreed/m);
    });

    it('says the same in JSON as the status', async () => {
      const { code, out } = await explain('jwt', 'ready', '-o', 'json');
      const report: Loose = JSON.parse(out);
      const { status } = await world().objects.get('jwts', 'science', 'ready');
      assert.equal(code, 0);
      assert.equal(report.next.action, 'upToDate');
      assert.equal(report.token.claims.jti, status.tokenId);
      assert.equal(report.nextRenewals[0].at, status.renewsAt);
      assert.deepEqual(
        report.conditions.map((condition: Loose) => condition.type),
        ['Ready', 'KeyAvailable'],
      );
    });

    it('names the Secret to create for a missing key', async () => {
      const { code, out } = await explain('jwt/keyless');
      assert.equal(code, 1);
      assert.match(out, /not Ready \(KeyNotFound\)/);
      assert.match(out, /kubectl create secret generic no-key -n science --from-file=key\.pem=KEYFILE/);
      assert.match(
        out,
        /a new token is needed, because there is no Secret of its name yet, but .*: see above/,
      );
      assert.match(out, /none, until the problem is fixed/);
    });

    it('says how to hand over a Secret after a conflict, without reading its data', async () => {
      const { code, out } = await explain('jwt', 'taken');
      assert.equal(code, 1);
      assert.match(out, /not Ready \(SecretConflict\)/);
      assert.match(out, /kubectl annotate secret taken -n science tokens\.osg-htc\.org\/adopt=taken/);
      assert.match(out, /the Secret does not belong to this JWT: its content was not read/);
    });

    it('suggests the closest name', async () => {
      const { code, err } = await explain('jwt', 'redy');
      assert.deepEqual(
        [code, err],
        [1, 'error: there is no JWT "redy" in namespace science; did you mean ready?\n'],
      );
      const elsewhere = await world().admin.run(explainCommand, 'jwt', 'ready');
      assert.match(elsewhere.err, /in namespace default; nor any other: choose another namespace with -n/);
    });
  });

  describe('explain pod and workloads', () => {
    it('shows the injection of a Deployment’s pods, and which tokens are missing', async () => {
      const { code, out } = await explain('deployment', 'token-test');
      assert.equal(code, 1);
      assert.match(out, /^Deployment science\/token-test: gets its token \(Injected\)$/m);
      assert.match(out, /^\+ {11}mountPath: \/var\/run\/secrets\/jwt$/m);
      assert.match(
        out,
        /^ {2}ready +available +the Secret exists; the JWT is Ready, its token expires at .*, in (1 d|23 h)/m,
      );
      assert.match(
        out,
        /^ {2}absent +missing +there is no Secret of that name yet, and the pod waits .*there is no JWT "absent"/m,
      );
    });

    it('describes a pod that has everything, and its creator', async () => {
      const pod: Loose = await waitUntil('the Deployment has a pod', 60_000, async () =>
        (await world().objects.list('pods', 'science')).at(0),
      );
      const { code, out } = await explain(`pod/${pod.metadata.name}`);
      assert.equal(code, 1, 'a token is missing');
      assert.match(out, /stays as it is \(AlreadyInjected\)/);
      assert.match(
        out,
        /it is managed by ReplicaSet (token-test-\w+): change it there \(jwt-injector explain replicaset \1 -n science\)/,
      );
      assert.doesNotMatch(out, /before and after/);
    });

    it('ends with exit code 1 if there is no object of that name', async () => {
      const { code, err } = await explain('sts', 'token-test');
      assert.deepEqual(
        [code, err],
        [1, 'error: there is no StatefulSet "token-test" in namespace science\n'],
      );
    });
  });
}
