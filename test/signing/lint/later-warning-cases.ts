import { claims, ofSciTokens, scopes, spec, type WarningCases } from './specs.ts';

/** By rule, in their order: the warnings of what some verifiers refuse, and of what works less well than meant. */
export const LATER_WARNINGS: Readonly<Record<string, WarningCases>> = {
  'algorithm-not-of-osdf': {
    says: /^spec\.algorithm is \w+: .* accept only RS256 and ES256, use one of these$/,
    warned: Object.fromEntries(
      ['RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES384', 'ES512', 'EdDSA'].map((algorithm) => [
        algorithm,
        spec({ algorithm }),
      ]),
    ),
    quiet: { RS256: spec({ algorithm: 'RS256' }), ES256: spec() },
  },
  'token-too-large': {
    says: /^the token takes at least \d{4} bytes: root:\/\/ of XRootD takes no more than 4096, shorten spec\.data$/,
    warned: { '4,000 bytes of claims': claims({ note: 'x'.repeat(4_000) }) },
    quiet: { '2,400 bytes of claims': claims({ note: 'x'.repeat(2_400) }) },
  },
  'issuer-differs': {
    says: /^spec\.data\.iss differs from spec\.issuer .* remove spec\.data\.iss, or make them equal$/,
    warned: {
      'no slash at the end': claims({ iss: 'https://issuer.example.com' }),
      'an empty one': claims({ iss: '' }),
    },
    quiet: { 'the same': claims({ iss: 'https://issuer.example.com/' }), none: spec() },
  },
  'scope-unknown': {
    says: /^spec\.data\.scope: storage\.write is not a scope, use storage\.create .* or storage\.modify/,
    warned: {
      'storage.write': claims({ scope: 'storage.read:/ storage.write:/' }),
      'without a path': claims({ scope: 'storage.read:/ storage.write' }),
      'in a list': claims({ scope: ['storage.write:/'] }),
    },
    quiet: {
      'storage.modify': claims({ scope: 'storage.read:/ storage.modify:/' }),
      'the word inside a path': claims({ scope: 'storage.read:/storage.write' }),
      'no scope': claims({ scope: undefined }),
    },
  },
  'scope-of-scitokens': {
    says: /^spec\.data\.scope: read: and write: are words of SciTokens, .* use storage\.read:\/, storage\.modify:\/$/,
    warned: {
      read: claims({ scope: 'read:/' }),
      'write beside others': claims({ scope: 'storage.read:/ write:/data' }),
    },
    quiet: {
      'the profile of SciTokens': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'read:/ write:/' }),
      'words that end alike': claims({ scope: 'compute.read:/ storage.read:/' }),
    },
  },
  'scope-of-wlcg': {
    says: /^spec\.data\.scope: storage\.… are words of WLCG, .* with this ver, use wlcg\.ver "1\.0" instead of ver$/,
    warned: {
      'SciTokens 2.0': ofSciTokens('scitoken:2.0', { aud: 'ANY' }),
      'SciTokens 1.0': ofSciTokens('scitokens:1.0', { aud: undefined }),
    },
    quiet: {
      'the words of both': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'read:/ storage.read:/' }),
      'scopes of neither': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'openid' }),
      'WLCG’s profile': spec(),
    },
  },
  'scope-without-path': {
    says: /^spec\.data\.scope: a storage scope needs a path .* e\.g\. storage\.read:\/$/,
    warned: scopes('storage.read', 'storage.read: storage.create:/', 'storage.read:data'),
    quiet: scopes('storage.read:/data', 'openid'),
  },
  'scope-without-storage': {
    says: /^spec\.data\.scope allows nothing of storage: OSDF refuses the token, add e\.g\. storage\.read:\/$/,
    warned: scopes('openid', 'read', 'STORAGE.READ:/', 'storage.stage:/ offline_access'),
    quiet: {
      ...scopes(
        'openid storage.read:/',
        'compute.read',
        'condor:/READ condor:/WRITE',
        'openid wlcg.groups:/a',
        'read:/',
        'storage.read',
      ),
      'a list, which has its own warning': claims({ scope: ['openid'] }),
      'the profile of SciTokens, which has its own warning': ofSciTokens('scitoken:2.0', { scope: 'openid' }),
    },
  },
  'scope-path-odd': {
    says: /^spec\.data\.scope has a path with "\.\." or encoded twice: .* write it without "\.\.", encoded once$/,
    warned: scopes(
      'storage.read:/a/../b',
      'storage.read:/..',
      'openid storage.read:/%2E%2e/b',
      'storage.read:/a%2f..%2Fb',
      'storage.read:/a%252fb',
      'storage.read:..',
      'read:/a/../b',
    ),
    quiet: scopes(
      'storage.read:/a..b/..c/d..',
      'storage.read:/...',
      'storage.read:/a%2fb',
      'storage.read:/100%25',
      'storage.read:/100%25/a',
      'storage.read:/ x:/../y',
    ),
  },
  'scope-without-read': {
    says: /^spec\.data\.scope has no storage\.read: .* add storage\.read$/,
    warned: scopes('storage.create:/', 'storage.modify:/a  storage.stage:/'),
    quiet: scopes('storage.modify:/a storage.read:/', 'storage.read:/', 'compute.create'),
  },
  'lifetime-short': {
    says: /^spec\.expiryTime is \d min: .* use 10 min or more$/,
    warned: {
      'nine minutes': spec({ expiryTime: { minutes: 9 }, resignBefore: undefined }),
      'a minute': spec({ expiryTime: { minutes: 1 }, resignBefore: undefined }),
    },
    quiet: { 'ten minutes': spec({ expiryTime: { minutes: 10 }, resignBefore: undefined }) },
  },
  'renewal-late': {
    says: /^spec\.resignBefore is 2 min: .* use 3 min or more$/,
    warned: { 'two minutes': spec({ resignBefore: { minutes: 2 } }) },
    quiet: {
      'three minutes': spec({ resignBefore: { minutes: 3 } }),
      'zero, which means half': spec({ resignBefore: { minutes: 0 } }),
      none: spec({ resignBefore: undefined }),
    },
  },
  'claims-overridden': {
    says: /^spec\.data: [a-z, ]+ will be overridden by ours, remove from spec\.data$/,
    warned: {
      exp: claims({ exp: 1 }),
      nbf: claims({ nbf: 1 }),
      iat: claims({ iat: null }),
      jti: claims({ jti: 'mine' }),
      'all of them': claims({ exp: 1, nbf: 1, iat: 1, jti: 1 }),
    },
    quiet: { 'claims of these names further down': claims({ cnf: { exp: 1, jti: 2 } }) },
  },
};
