import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findProxy } from '../../../src/kube/connection/find-proxy.ts';

const HTTPS_PROXY = 'http://proxy:3128';
const find = (url: string, environment: NodeJS.ProcessEnv) => findProxy(new URL(url), environment);

describe('the proxy of an https URL', () => {
  it('is that of HTTPS_PROXY, upper case first, with http as the default scheme', () => {
    assert.equal(find('https://a.example.org', { HTTPS_PROXY }), HTTPS_PROXY);
    assert.equal(find('https://a.example.org', { https_proxy: 'proxy:3128' }), HTTPS_PROXY);
    assert.equal(find('https://a.example.org', { HTTPS_PROXY, https_proxy: 'http://other' }), HTTPS_PROXY);
    for (const environment of [{}, { HTTPS_PROXY: '' }, { HTTP_PROXY: HTTPS_PROXY, ALL_PROXY: HTTPS_PROXY }])
      assert.equal(find('https://a.example.org', environment), undefined);
  });

  it('is not used for this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.8.0.1', '[::1]', '[::ffff:127.0.0.1]'])
      assert.equal(find(`https://${host}:6443`, { HTTPS_PROXY }), undefined);
  });

  const cases: readonly [exempt: string, without: readonly string[], through: readonly string[]][] = [
    ['*', ['a.example.org', '10.0.0.1'], []],
    ['example.org', ['example.org', 'a.example.org', 'EXAMPLE.org:6443'], ['notexample.org', 'example.com']],
    ['.example.org', ['a.example.org'], ['example.org']],
    ['*.example.org', ['a.example.org'], ['example.org']],
    ['other, Example.org:6443', ['example.org:6443'], ['example.org']],
    ['10.1.2.3,10.96.0.0/12', ['10.1.2.3', '10.97.0.1'], ['10.1.2.4', '10.112.0.1', '1.10.1.2.3.example']],
    [
      'fd00::/8,2001:db8::1,[2001:db8::2]:443',
      ['[fd00::1]', '[2001:db8::1]', '[2001:db8::2]'],
      ['[2001:db8::3]'],
    ],
    ['2001:db8:0:0::1,[2001:DB8::0:2]:443', ['[2001:db8::1]', '[2001:db8::2]'], ['[2001:db8::2]:6443']],
    [
      '10.0.0.0/8,192.0.2.1',
      ['[::ffff:10.0.0.1]', '[::ffff:192.0.2.1]'],
      ['[::ffff:11.0.0.1]', '[::10.0.0.1]'],
    ],
    ['::/0', ['[2001:db8::1]'], ['10.0.0.1']],
    ['bücher.example,.straße.example', ['bücher.example', 'a.xn--bcher-kva.example', 'a.straße.example'], []],
    ['xn--bcher-kva.example', ['bücher.example'], ['xn--bcher-kva.example.org']],
    ['exa mple.org,:443,.,*.', [], ['example.org', '10.0.0.1']],
    ['10.0.0.0/33, /8, ,10.0.0.0/x,fd00::/129', [], ['10.0.0.1', '[fd00::1]']],
  ];
  for (const [exempt, without, through] of cases) {
    it(`respects NO_PROXY=${exempt}`, () => {
      for (const host of without)
        assert.equal(find(`https://${host}`, { HTTPS_PROXY, NO_PROXY: exempt }), undefined, host);
      for (const host of through)
        assert.equal(find(`https://${host}`, { HTTPS_PROXY, no_proxy: exempt }), HTTPS_PROXY, host);
    });
  }
});
