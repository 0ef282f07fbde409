import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { whyClientsRefuse } from '../../src/certificates/refused-by-clients.ts';
import { makeLink, type Link } from './made-chain.ts';
import { DAY, NOW } from './made.ts';
import { FOR_LOCALHOST, opensslPair, pairOfCurve } from './openssl-pair.ts';

const VALID = { from: NOW, until: NOW + DAY };
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

async function read(pair: Promise<{ readonly cert: string }>): Promise<X509Certificate> {
  return new X509Certificate((await pair).cert);
}

/** A self-signed certificate with these further arguments of `openssl req`. */
const made = (...options: readonly string[]) => read(opensslPair(...options, ...FOR_LOCALHOST));
const ofCurve = (curve: string) => read(pairOfCurve(curve));

/** A public key with a modulus that nobody has factors of: no key of that length has to be found. */
function rsaKey(bits: number): Promise<webcrypto.CryptoKey> {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return webcrypto.subtle.importKey('jwk', { kty: 'RSA', n, e: 'AQAB' }, algorithm, true, ['verify']);
}

let root: Link;
before(async () => {
  root = await makeLink('root', VALID);
});

describe('a certificate that Go’s TLS takes', () => {
  const good: readonly [string, () => Promise<X509Certificate>][] = [
    ['P-256', () => ofCurve('prime256v1')],
    ['P-384', () => ofCurve('secp384r1')],
    ['P-521', () => ofCurve('secp521r1')],
    ['Ed25519', () => made('-newkey=ed25519')],
    ['RSA', () => made('-newkey=rsa:2048')],
    ['a usage for servers among others', () => made('-addext', 'extendedKeyUsage=clientAuth,serverAuth')],
    ['every usage', () => made('-addext', 'extendedKeyUsage=anyExtendedKeyUsage')],
    ['a signature of its own, though with SHA-1', () => made('-newkey=rsa:2048', '-sha1')],
  ];
  for (const [title, make] of good)
    it(`has ${title}`, async () => assert.equal(whyClientsRefuse(await make(), []), undefined));

  it('may have intermediates that Go would not follow: the client can know others', async () => {
    const weak = await makeLink('weak', { ...VALID, by: root, hash: 'SHA-1' });
    const client = await makeLink('client', { ...VALID, by: root, usages: [CLIENT_AUTH] });
    for (const by of [weak, client]) {
      const leaf = await makeLink('leaf', { ...VALID, by });
      assert.equal(whyClientsRefuse(leaf.certificate, [by.certificate]), undefined);
    }
  });

  it('may have certificates behind it that it does not need, if they can be parsed', async () => {
    const others = [await ofCurve('secp224r1'), await made('-newkey=ed448'), root.certificate];
    assert.equal(whyClientsRefuse(await ofCurve('prime256v1'), others), undefined);
  });
});

describe('a certificate is refused by Go’s TLS, and the reason said, for', () => {
  const bad: readonly [string, () => Promise<X509Certificate>, RegExp][] = [
    ['Bitcoin’s curve', () => ofCurve('secp256k1'), /^its key is of the curve secp256k1, .* use P-256, /],
    ['P-224', () => ofCurve('secp224r1'), /^its key is of the curve secp224r1, /],
    ['brainpool', () => ofCurve('brainpoolP256r1'), /^its key is of the curve brainpoolP256r1, /],
    [
      'a curve that is described',
      () => made('-newkey=ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'),
      /^its key is of the curve prime256v1, described instead of named, /,
    ],
    ['Ed448', () => made('-newkey=ed448'), /^its key is of the type ed448, /],
    [
      'RSA for PSS alone',
      () => made('-newkey=rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'),
      /^its key is of the type rsa-pss, /,
    ],
    [
      'a usage for clients alone',
      () => made('-addext', 'extendedKeyUsage=clientAuth'),
      /^its extended key usage does not allow a server: add serverAuth$/,
    ],
    ['no subjectAltName', () => read(opensslPair()), /common name alone.*: add a subjectAltName$/],
    [
      'SHA-1 of its authority',
      async () => (await makeLink('leaf', { ...VALID, by: root, hash: 'SHA-1' })).certificate,
      /^it is signed with ecdsa-with-SHA1, .*: sign it with SHA-256$/,
    ],
  ];
  for (const [title, make, reason] of bad)
    it(title, async () => assert.match(whyClientsRefuse(await make(), []) ?? '', reason));

  it('RSA beyond 8192 bits, its own and that of any certificate behind it', async () => {
    const ofBits = async (bits: number) => {
      const publicKey = await rsaKey(bits);
      const keys = { publicKey, privateKey: root.keys.privateKey };
      return (await makeLink('long', { ...VALID, by: root, keys })).certificate;
    };
    const [longest, longer, leaf] = [await ofBits(8192), await ofBits(8200), await ofCurve('prime256v1')];
    const why = (own: X509Certificate, ...behind: X509Certificate[]) =>
      whyClientsRefuse(own, behind) ?? 'fine';
    assert.equal(why(longest, longest), 'fine');
    assert.match(why(longer), /^its key is RSA of 8200 bits, and the API server takes at most 8192$/);
    assert.match(why(leaf, longest, longer), /^of CN=long, behind .*: its key is RSA of 8200 bits, and /);
  });

  it('any certificate behind it that cannot be parsed', async () => {
    const leaf = await ofCurve('prime256v1');
    const stray = await ofCurve('brainpoolP256r1');
    assert.match(
      whyClientsRefuse(leaf, [root.certificate, stray]) ?? '',
      /^of CN=pair, behind .* of the curve brainpoolP256r1, and the API server ends such a handshake: leave it out$/,
    );
  });
});
