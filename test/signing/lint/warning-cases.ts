import { NRP_KEY } from '../../fixtures/keys.ts';
import { LATER_WARNINGS } from './later-warning-cases.ts';
import { claims, ofSciTokens, scopes, spec, type WarningCases } from './specs.ts';

const ANY = 'https://wlcg.cern.ch/jwt/v1/any';

/** By rule, in the order in which the warnings are given. */
export const WARNINGS: Readonly<Record<string, WarningCases>> = {
  'key-in-resource': {
    says: /^spec\.key\.value .* move it into a Secret/,
    warned: { 'a key as text': spec({ key: { value: NRP_KEY } }) },
    quiet: { 'a key in a Secret': spec() },
  },
  'issuer-not-https': {
    says: /^the issuer (?:must begin with https:\/\/|is not a URL|has a query or a fragment).*, correct spec\.issuer$/,
    warned: {
      'plain HTTP': spec({ issuer: 'http://issuer.example.com/' }),
      'a name': spec({ issuer: 'my-issuer' }),
      'a port that does not exist': spec({ issuer: 'https://issuer.example.com:84430' }),
      'no host': spec({ issuer: 'https://' }),
      'a query': spec({ issuer: 'https://issuer.example.com/?vo=x' }),
      'no URL, besides white space': spec({ issuer: 'issuer ' }),
    },
    quiet: {
      'an https:// URL': spec(),
      'one in the claims': claims({ iss: 'https://a.example' }),
      'https in capitals, which verifiers take': spec({ issuer: 'HTTPS://issuer.example.com' }),
    },
  },
  'issuer-white-space': {
    says: /^the issuer has white space, .* remove it from spec\.issuer$/,
    warned: {
      'a space at the end': spec({ issuer: 'https://issuer.example.com/ ' }),
      'a line break, as a block scalar of YAML leaves it': spec({ issuer: 'https://issuer.example.com/\n' }),
    },
    quiet: { 'an issuer without': spec() },
  },
  'issuer-credentials': {
    says: /^the issuer has a user name or password, .* remove it from spec\.issuer$/,
    warned: { 'a password': spec({ issuer: 'https://me:secret@issuer.example.com' }) },
    quiet: { 'the sign in its path': spec({ issuer: 'https://issuer.example.com/@vo' }) },
  },
  'wlcg-version': {
    says: /^spec\.data\["wlcg\.ver"\] must be "1\.0", a string in quotes: XRootD knows no other version$/,
    warned: {
      'a later version': claims({ 'wlcg.ver': '1.2' }),
      'a number, as YAML makes of it without quotes': claims({ 'wlcg.ver': 1 }),
      'no version': claims({ 'wlcg.ver': undefined }),
      'no version, and a ver that nobody knows': claims({ 'wlcg.ver': undefined, ver: '1.0' }),
    },
    quiet: {
      'version 1.0': spec(),
      'the profile of SciTokens': ofSciTokens('scitoken:2.0', { aud: 'ANY' }),
      'the first version of SciTokens': ofSciTokens('scitokens:1.0', { aud: 'ANY' }),
    },
  },
  'ver-beside-wlcg-version': {
    says: /^spec\.data\.ver beside wlcg\.ver: .* remove ver$/,
    warned: {
      'the same version twice': claims({ ver: '1.0' }),
      'two profiles': claims({ ver: 'scitoken:2.0' }),
    },
    quiet: { 'ver alone': ofSciTokens('scitoken:2.0', { aud: 'ANY' }) },
  },
  'audience-missing': {
    says: /^spec\.data\.aud is missing, empty or not a string: profile (?:WLCG requires it, set it to https:\/\/wlcg\.cern\.ch\/jwt\/v1\/any|SciTokens 2\.0 requires it, set it to ANY)$/,
    warned: {
      'no audience': claims({ aud: undefined }),
      'no audience in the profile of SciTokens 2.0': ofSciTokens('scitoken:2.0', { aud: undefined }),
      'an empty text': claims({ aud: '' }),
      'an empty list': claims({ aud: [] }),
      'a number': claims({ aud: 7 }),
      null: claims({ aud: null }),
      'a list of no texts': claims({ aud: [7, null] }),
    },
    quiet: {
      'one text': claims({ aud: ANY }),
      'a list': claims({ aud: [ANY] }),
      'SciTokens 1.0, which needs none': ofSciTokens('scitokens:1.0', { aud: undefined }),
    },
  },
  'audience-no-text': {
    says: /^spec\.data\.aud has items that are not strings: .* remove them$/,
    warned: {
      'a number beside any': claims({ aud: [ANY, 5] }),
      'null beside a service': claims({ aud: [null, 'https://origin.example.com'] }),
      'a number under SciTokens 1.0, which takes no audience': ofSciTokens('scitokens:1.0', {
        aud: ['https://origin.example.com', 5],
      }),
    },
    quiet: {
      'one text': claims({ aud: ANY }),
      'an empty text beside any': claims({ aud: ['', ANY] }),
      'a list of no texts, which has its own warning': claims({ aud: [7, null] }),
    },
  },
  'subject-missing': {
    says: /^spec\.data\.sub is missing or not a string: .* set it$/,
    warned: {
      'no subject': claims({ sub: undefined }),
      null: claims({ sub: null }),
      'a number': claims({ sub: 7 }),
    },
    quiet: { 'a text': spec(), 'an empty text, which XRootD takes': claims({ sub: '' }) },
  },
  'scope-missing': {
    says: /^spec\.data\.scope is missing: .* set it, e\.g\. "storage\.read:\/"$/,
    warned: {
      'no scope': claims({ scope: undefined }),
      'an empty one': claims({ scope: ' ' }),
      null: claims({ scope: null }),
      'an empty list': claims({ scope: [] }),
    },
    quiet: {
      'a scope': spec(),
      'one under another name, which has its own warning': claims({ scope: undefined, scp: 'x' }),
    },
  },
  'scope-misnamed': {
    says: /^spec\.data has scopes or scp, .* name the claim scope$/,
    warned: {
      scopes: claims({ scope: undefined, scopes: 'storage.read:/' }),
      'scp, as other issuers name it': claims({ scope: undefined, scp: ['storage.read:/'] }),
    },
    quiet: { 'both names': claims({ scp: 'storage.read:/' }) },
  },
  'scope-no-text': {
    says: /^spec\.data\.scope is not a string: .* write one, e\.g\. "storage\.read:\/"$/,
    warned: {
      'a list': claims({ scope: ['storage.read:/'] }),
      'a number': claims({ scope: 7 }),
      'an object': claims({ scope: { read: '/' } }),
      'a list of nothing': claims({ scope: [null] }),
    },
    quiet: { 'a text': spec(), 'no scope': claims({ scope: undefined }) },
  },
  'scope-commas': {
    says: /^spec\.data\.scope has commas: .* spaces, put these instead$/,
    warned: scopes('storage.read:/,storage.create:/', 'storage.read:/, storage.create:/', 'storage.read:/,'),
    quiet: scopes('storage.read:/a,b'),
  },
  'scope-white-space': {
    says: /^spec\.data\.scope has white space other than spaces \(line breaks, tabs\): .* spaces, put these instead$/,
    warned: scopes('storage.read:/\nstorage.create:/\n', 'storage.read:/\n', 'storage.read:/\topenid'),
    quiet: scopes(' storage.read:/  openid '),
  },
  'audience-without-any': {
    says: /^spec\.data\.aud names services only: .* add (?:ANY|https:\/\/wlcg\.cern\.ch\/jwt\/v1\/any)$/,
    warned: {
      'one service': claims({ aud: 'https://origin.example.com' }),
      'a list of services': claims({ aud: ['https://a.example', 'https://b.example'] }),
      'the word of SciTokens under WLCG’s profile': claims({ aud: 'ANY' }),
      'WLCG’s value under the profile of SciTokens': ofSciTokens('scitoken:2.0'),
    },
    quiet: {
      'a service beside any': claims({ aud: ['https://origin.example.com', ANY] }),
      'no audience at all, which has its own warning': claims({ aud: undefined }),
      'WLCG’s value where ver stands beside wlcg.ver': claims({ ver: 'scitoken:2.0' }),
      'the profile of SciTokens': ofSciTokens('scitokens:2.0', { aud: ['ANY'] }),
    },
  },
  'audience-of-scitokens-1': {
    says: /^spec\.data\.aud: with this ver no value means any audience .* remove aud, or use wlcg\.ver "1\.0"$/,
    warned: {
      'WLCG’s value': ofSciTokens('scitokens:1.0'),
      'the word of SciTokens 2.0': ofSciTokens('scitokens:1.0', { aud: 'ANY' }),
      'a service': ofSciTokens('scitokens:1.0', { aud: ['https://a.example'] }),
      'an empty list': ofSciTokens('scitokens:1.0', { aud: [] }),
    },
    quiet: {
      'no audience': ofSciTokens('scitokens:1.0', { aud: undefined }),
      'no version, which has its own warning': claims({ 'wlcg.ver': undefined }),
    },
  },
  'claim-unknown': {
    says: /^spec\.data has claims that XRootD refuses with this ver: .* wlcg\.ver "1\.0" instead of ver$/,
    warned: {
      'a claim of its own': ofSciTokens('scitokens:1.0', { username: 'x' }),
    },
    quiet: {
      'the claims that SciTokens 1.0 knows': ofSciTokens('scitokens:1.0', { opt: 1 }),
      'SciTokens 2.0': ofSciTokens('scitokens:2.0', { username: 'x' }),
      'WLCG’s profile': claims({ username: 'x' }),
    },
  },
  'profile-of-scitokens': {
    says: /^spec\.data\.ver: Pelican refuses .*, use wlcg\.ver "1\.0" instead of ver, and storage\.read:\/$/,
    warned: {
      'SciTokens 2.0': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'read:/' }),
      'SciTokens 1.0': ofSciTokens('scitokens:1.0', { aud: undefined, scope: 'write:/a' }),
      'scopes for nothing of storage': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'openid' }),
      'no scope': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: undefined }),
      'storage beside computing': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'compute.read read:/' }),
    },
    quiet: {
      'the words of both': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'read:/ storage.read:/' }),
      'computing, as HTCondor takes it': ofSciTokens('scitoken:2.0', {
        aud: 'ANY',
        scope: 'compute.read compute.create',
      }),
      'HTCondor by its own words': ofSciTokens('scitoken:2.0', { aud: 'ANY', scope: 'condor:/READ' }),
      'words of SciTokens under wlcg.ver, which have their own warning': claims({ scope: 'read:/' }),
      'beside wlcg.ver, which has its own warning': claims({ ver: 'scitoken:2.0', scope: 'read:/' }),
    },
  },
  ...LATER_WARNINGS,
};
