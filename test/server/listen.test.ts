import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fastify } from 'fastify';
import { listenMany, type ListenPlace, type Port } from '../../src/server/listen-many.ts';
import { parseAddress } from '../../src/config/values.ts';
import { listenOn } from '../../src/server/listen.ts';

/** An address for documentation (RFC 5737): no machine has it. */
const NOWHERE = '192.0.2.1';

/**
 * A machine on which listening at some addresses fails with this error code; gives the addresses that were
 * tried.
 */
function machine(failures: Readonly<Record<string, string>>) {
  const tried: string[] = [];
  const listen = async ({ hosts, port }: ListenPlace) => {
    const [host] = hosts;
    tried.push(...hosts);
    const code = failures[host];
    if (code !== undefined) throw Object.assign(new Error(`listen ${code}`), { code });
    return { address: host, family: 'x', port };
  };
  return { tried, listen };
}

describe('listening', () => {
  const everywhere = { host: undefined, port: 8443 };

  it('without a host uses every address, IPv4 and IPv6', async () => {
    const { tried, listen } = machine({});
    assert.deepEqual(await listenOn('--webhook-address', everywhere, listen), { ok: true, value: 8443 });
    assert.deepEqual(tried, ['::']);
  });

  for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
    it(`without a host uses every IPv4 address where IPv6 is missing (${code})`, async () => {
      const { tried, listen } = machine({ '::': code });
      assert.deepEqual(await listenOn('--webhook-address', everywhere, listen), { ok: true, value: 8443 });
      assert.deepEqual(tried, ['::', '0.0.0.0']);
    });
  }

  for (const isShared of [false, true])
    it(`listens with the same application where IPv6 is missing (shared port: ${isShared})`, async () => {
      const app = fastify().get('/', () => 'here');
      let port: Port | undefined;
      const listening = await listenOn('--webhook-address', { host: undefined, port: 0 }, async (place) => {
        const hosts: ListenPlace['hosts'] = place.hosts[0] === '::' ? [NOWHERE] : place.hosts;
        port = await listenMany(app, { ...place, hosts, isShared });
        return port.address;
      });
      assert.ok(listening.ok);
      assert.equal(port?.address.address, '0.0.0.0');
      const answer = await fetch(`http://127.0.0.1:${listening.value}/`, {
        headers: { connection: 'close' },
      });
      assert.deepEqual([answer.status, await answer.text()], [200, 'here']);
      await Promise.all([port?.close(), app.close()]);
    });

  it('at given addresses uses only these, for any addresses', async () => {
    const { tried, listen } = machine({});
    const wanted = { ...everywhere, ips: ['10.0.0.1', 'fd00::1'] };
    assert.deepEqual(await listenOn('--webhook-address', wanted, listen), { ok: true, value: 8443 });
    assert.deepEqual(tried, ['10.0.0.1', 'fd00::1']);
  });

  const problems: readonly [string, RegExp][] = [
    ['EADDRINUSE', /^--http-address=:8443 is in use by another process: choose another port/],
    ['EACCES', /^--http-address=:8443 is not allowed: ports below 1024/],
    ['EMFILE', /^--http-address=:8443: cannot listen there \(EMFILE\)$/],
  ];
  for (const [code, message] of problems) {
    it(`reports ${code} in one sentence, and tries no other address`, async () => {
      const { tried, listen } = machine({ '::': code });
      const listening = await listenOn('--http-address', everywhere, listen);
      assert.ok(!listening.ok);
      assert.match(listening.problem, message);
      assert.deepEqual(tried, ['::']);
    });
  }

  it('at given addresses names the one that is taken', async () => {
    const listening = await listenOn(
      '--webhook-address',
      { ...everywhere, ips: ['10.0.0.1', 'fd00::1'] },
      () => Promise.reject(Object.assign(new Error('listen'), { code: 'EADDRINUSE', address: 'fd00::1' })),
    );
    assert.deepEqual(listening, {
      ok: false,
      problem:
        '--webhook-address=:8443 is in use at fd00::1 by another process: choose another port, or end that process',
    });
  });

  it('on an address that the machine lacks is a problem, and no other address is tried', async () => {
    const server = createServer();
    const listening = await listenOn(
      '--http-address',
      { host: NOWHERE, port: 0 },
      async ({ hosts, port }) => {
        server.listen({ host: hosts[0], port });
        await once(server, 'listening');
        return server.address();
      },
    );
    assert.deepEqual(listening, {
      ok: false,
      problem: `--http-address=${NOWHERE}:0 is not an address of this machine: use :0 for all of them`,
    });
  });

  it('names an address of IPv6 as the flag takes it', async () => {
    const text = '[::ffff:127.0.0.1]:18443';
    const wanted = parseAddress(text);
    assert.ok(wanted !== undefined);
    const { listen } = machine({ '::ffff:127.0.0.1': 'EADDRINUSE' });
    const listening = await listenOn('--http-address', wanted, listen);
    assert.ok(!listening.ok);
    assert.match(listening.problem, /^--http-address=(\S+) is in use/);
    assert.equal(/=(\S+)/.exec(listening.problem)?.[1], text);
  });
});
