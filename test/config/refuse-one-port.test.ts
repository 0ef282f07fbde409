import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/config.ts';

function problems(args: readonly string[]): readonly string[] {
  const config = parseConfig(args, {});
  return config.ok ? [] : config.problem;
}

describe('the ports of webhook and probes', () => {
  it('are two, unless their hosts are two or the webhook is off', () => {
    const onePort = (port: number): string =>
      `--webhook-address and --http-address have the same port ${port}: choose another one for one of them`;
    const listening = (webhook: string, http: string, ...more: string[]): readonly string[] =>
      problems([`--webhook-address=${webhook}`, `--http-address=${http}`, ...more]);
    for (const [webhook, http] of [
      [':8443', ':8443'],
      ['127.0.0.1:8443', '127.0.0.1:8443'],
      ['127.0.0.1:8443', ':8443'],
      [':8443', '[::1]:8443'],
      ['0.0.0.0:8443', '127.0.0.1:8443'],
      ['127.0.0.1:8443', '[::]:8443'],
    ] as const)
      assert.deepEqual(listening(webhook, http), [onePort(8443)], `${webhook} ${http}`);
    assert.deepEqual(problems(['--webhook-address=:8080']), [onePort(8080)]);
    assert.deepEqual(listening(':8443', '10.0.0.2:8443', '--webhook-ips=10.0.0.1,10.0.0.2'), [onePort(8443)]);
    assert.deepEqual(listening(':8443', '127.0.0.1:8443', '--webhook-ips=10.0.0.1'), []);
    assert.deepEqual(listening('127.0.0.1:8443', '127.0.0.2:8443'), []);
    assert.deepEqual(listening(':0', ':0'), []);
    assert.deepEqual(listening(':8443', ':8443', '--no-webhook'), []);
  });
});
