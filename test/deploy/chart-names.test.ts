import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CHART, openHelm, type Helm, type Values } from './helm.ts';
import { readObjects } from './rendered.ts';

/** Names that are valid in Kubernetes, each with one that YAML reads as a number, a boolean or nothing. */
const NAMES = {
  'the-release': '1e3',
  'the-namespace': '2024',
  'first-namespace': 'no',
  'second-namespace': '0x1f',
  'the-secret': '12',
  'the-other-secret': 'null',
  'the-class': 'true',
  'the-pull-secret': 'on',
  'the-issuer': '1.5',
  'the-repository': '8',
  'the-tag': '7.0',
} as const;

const COMMON: Values = {
  separate: true,
  priorityClassName: 'the-class',
  imagePullSecrets: [{ name: 'the-pull-secret' }],
  image: { repository: 'the-repository', tag: 'the-tag' },
  promptDelivery: { enabled: true },
  finalStatePolicy: { enabled: true },
  monitoring: {
    podMonitor: { enabled: true },
    serviceMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    dashboard: { enabled: true },
  },
};
const SETTINGS: Readonly<Record<string, Values>> = {
  'a certificate of its own': { certificate: { secretName: 'the-secret' } },
  'a certificate of cert-manager': {
    certificate: {
      mode: 'cert-manager',
      takeOver: 'issue',
      secretName: 'the-secret',
      certManagerSecretName: 'the-other-secret',
      issuerRef: { name: 'the-issuer' },
    },
  },
  'a certificate from files, in some namespaces': {
    namespaces: ['first-namespace', 'second-namespace'],
    certificate: { mode: 'files', secretName: 'the-secret' },
  },
};

function rename(text: string): string {
  return Object.entries(NAMES).reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}

describe('the chart with names that YAML reads as something else', () => {
  let helm: Helm;
  before(async () => {
    helm = await openHelm();
  });
  after(() => helm[Symbol.asyncDispose]());

  /** Each object as text, with the pod of `helm test`. */
  const render = async (release: string, namespace: string, values: Values): Promise<readonly string[]> => {
    const place = ['--namespace', namespace, '--kube-version', '1.37.0'];
    const yaml = await helm.run('template', release, CHART, ...place, '-f', await helm.valuesFile(values));
    return readObjects(yaml).map((object) => JSON.stringify(object));
  };

  for (const [title, settings] of Object.entries(SETTINGS)) {
    it(`has the same objects as with others: ${title}`, async () => {
      const values = { ...COMMON, ...settings };
      const usual = await render('the-release', 'the-namespace', values);
      const renamed: Values = JSON.parse(rename(JSON.stringify(values)));
      const found = await render(NAMES['the-release'], NAMES['the-namespace'], renamed);
      assert.ok(found.length > 20);
      assert.deepEqual(found.toSorted(), usual.map(rename).toSorted());
    });
  }
});
