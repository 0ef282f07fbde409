import { splitList } from '../../src/admission/annotations/token-list.ts';
import { injectFiles } from '../../src/commands/inject.ts';
import { printYaml } from '../../src/commands/inject/print-yaml.ts';
import { readEditable } from '../../src/commands/yaml/editable-document.ts';
import { isJsonObject } from '../../src/resources/json.ts';
import { parseJwt } from '../../src/resources/jwt.ts';
import { ANY_REVIEW, excessOf } from '../../src/server/json-bounds.ts';
import { readSigningKey } from '../../src/signing/key.ts';
import { lintJwt } from '../../src/signing/lint.ts';
import { readToken } from '../../src/signing/token.ts';
import { findFacts } from '../../src/signing/token-facts.ts';
import { annotatedPod, review } from '../admission/pods.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { claims } from '../signing/lint/specs.ts';
import { CLUSTER_PARSERS } from './cluster-parsers.ts';
import { JSON_TEXT, type ForeignParser } from './foreign-parser.ts';
import { JWT_PARSERS } from './jwt-parsers.ts';

const PEM = [
  '-----BEGIN ',
  '-----END ',
  '-----',
  'A',
  'PRIVATE KEY',
  'EC PRIVATE KEY',
  '\n',
  ' ',
  'MHcCAQEE',
  '=',
];
const SCOPE = ['storage.read', 'storage.', ':', '/', 'read:', ',', ' ', '\n', 'a', 'openid'];
const YAML = [
  'a:',
  'b: ',
  '- ',
  '? ',
  '\n',
  '\n  ',
  '\n- ',
  '\n---\n',
  '\r',
  '\r\n',
  '\u2028',
  ' ',
  '\t',
  '[',
  ']',
  '{',
  '}',
  ',',
  '"',
  "'",
  '# ',
  '|\n',
  '&a ',
  '*a',
  '<<: ',
  '!!int ',
  '%YAML',
  '0x1',
  '1_',
  'é',
];
const POD = `apiVersion: v1
kind: Pod
metadata: {name: p, annotations: {tokens.osg-htc.org/token: my-jwt}}
spec:
  containers:
  - name: app
`;
/** The pod as an item of a List. The quotes that its annotation needs are left out. */
const ITEM = `- apiVersion: v1
  kind: Pod
  metadata: {name: p, annotations: {tokens.osg-htc.org/token: my-jwt, tokens.osg-htc.org/inject: true}}
  spec:
    containers: [{name: app}]
`;
const NOWHERE = { write: () => true };

export const PARSERS: Readonly<Record<string, ForeignParser>> = {
  'a private key in PEM': {
    readerOf: (text) => () => readSigningKey(text, 'ES256'),
    pieces: [...PEM, String.raw`\n`, 'OPENSSH PRIVATE KEY', 'ssh-', 'LS0tLS1CRUdJTi', '0\u0002\u0001'],
    length: 16_000,
  },
  'a private key as JWK': {
    readerOf: (text) => () => readSigningKey(`{${text}`, 'ES256'),
    pieces: JSON_TEXT,
    length: 16_000,
  },
  'a token': {
    readerOf: (text) => () => {
      const token = readToken(text);
      return token === undefined ? undefined : findFacts(token);
    },
    pieces: ['eyJhbGciOiJFUzI1NiJ9', 'eyJhIjpbXX0', '.', 'A', '-', '_', '=', '+', ' ', '\n', 'é'],
    length: 20_000,
  },
  'the scope of a JWT': {
    readerOf: (text) => () => lintJwt(claims({ scope: text })),
    pieces: SCOPE,
    length: 20_000,
  },
  'the scopes of a JWT as a list': {
    readerOf: (text) => () => lintJwt(claims({ scope: text.split('|') })),
    pieces: [...SCOPE, '|'],
    length: 10_000,
  },
  'claims with long names': {
    readerOf: (text) => () => lintJwt(claims({ [text]: [{ [text]: 2 ** 60 }] })),
    pieces: ['a', ' ', '\n', '\u0000', '.', '"', 'é', '🐘'],
    length: 5_000,
  },
  'the issuer of a JWT': {
    readerOf: (text) => () => lintJwt(claims({ iss: text })),
    pieces: ['https://', 'http://', 'a', '.', '/', ' ', '\n', '%'],
    length: 20_000,
  },
  'the metadata of a JWT': {
    readerOf: (text) => () =>
      parseJwt(
        wireJwt({}, { metadata: { labels: { a: text }, annotations: { b: text }, finalizers: [text] } }),
      ),
    pieces: ['a', '.', '/', ' ', 'é', 'kopf.zalando.org/'],
    length: 20_000,
  },
  'a body before it is parsed as JSON': {
    readerOf: (text) => {
      const bytes = Buffer.from(text);
      return () => excessOf(bytes, ANY_REVIEW);
    },
    pieces: JSON_TEXT,
    // An eighth of it is still more than 64 KiB, below which nothing is checked.
    length: 600_000,
  },
  'an annotation that is a list': {
    readerOf: (text) => () => splitList('tokens.osg-htc.org/containers', text),
    pieces: ['a', ',', ' ', '\n', '-', 'é'],
    length: 10_000,
  },
  'the annotations of a pod': {
    readerOf: (text) => {
      const pod = annotatedPod({}, annotationsOf(text));
      return () => review(pod);
    },
    pieces: [
      // Long keys: V8 stores an object with more than a thousand in another way.
      ...['tokens', 'token', '#', 'osg'].map((name) => `|${name}.osg-htc.org/${'x'.repeat(40)}`),
      '|tokens.osg-htc.org/',
      'token',
      'mount-path',
      'containers',
      '=',
      'a',
      ',',
      '.',
      ' ',
      '$',
      'é',
    ],
    length: 16_000,
  },
  'a YAML file': {
    readerOf: (text) => () => {
      const documents = readEditable(text);
      if (!documents.ok) return;
      for (const document of documents.value) {
        if (isJsonObject(document.value)) document.addTo([{ op: 'add', path: '/added', value: { to: [1] } }]);
        document.text();
      }
    },
    pieces: YAML,
    length: 4_000,
  },
  'a YAML file of pods, with its tokens injected': {
    readerOf: (text) => () => {
      const read = readEditable(text);
      if (!read.ok) return;
      injectFiles([{ shown: 'pods.yaml', documents: read.value }], { stderr: NOWHERE });
      printYaml(read.value);
    },
    pieces: [POD, '---\n', '...\n', '# a comment\n', '  - name: b\n', '    env: []\n', '\r\n'],
    length: 10_000,
  },
  'a List in YAML, with the tokens of its pods injected': {
    readerOf: (text) => () => {
      const read = readEditable(`apiVersion: v1\nkind: List\nitems:\n${text}`);
      if (!read.ok) return;
      injectFiles([{ shown: 'pods.yaml', documents: read.value }], { stderr: NOWHERE });
      for (const document of read.value) document.text();
    },
    pieces: [ITEM, ITEM.replace(', tokens.osg-htc.org/inject: true', ''), '# a comment\n', '- {}\n', '\r\n'],
    length: 10_000,
  },
  ...CLUSTER_PARSERS,
  ...JWT_PARSERS,
};

/** Entries between `|`, with `=` between key and value; `#` makes all keys different. */
function annotationsOf(text: string): Record<string, string> {
  const entries = text.split('|').map((entry, index) => {
    const [key = '', ...value] = entry.split('=');
    return [key.replaceAll('#', String(index)), value.join('=')] as const;
  });
  return Object.fromEntries(entries);
}
