import { MANAGED_LABEL } from '../../src/resources/names.ts';
import { removeLabel } from './neighbours.ts';

/** Common policies and tools that affect Secrets. */
export const NEIGHBOURS = [
  {
    name: 'guard',
    label: 'guarded',
    sees: 'secrets',
    inject: () => [],
    refuse: () => 'canary of a webhook',
  },
  { name: 'strip', label: 'stripped', sees: 'secrets', inject: removeLabel(MANAGED_LABEL) },
] as const;

/** A policy that forbids one Secret in the namespace `strict`. */
export const POLICY = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'not-here.example.org' },
      spec: {
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['secrets'],
            },
          ],
        },
        validations: [{ expression: "object.metadata.name != 'forbidden'", message: 'canary of a policy' }],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'not-here' },
      spec: {
        policyName: 'not-here.example.org',
        validationActions: ['Deny'],
        matchResources: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'strict' } },
        },
      },
    },
  ],
});

/** A policy that fails on one Secret in the namespace `mutated`, as it has no such label. */
export const MUTATING_POLICY = JSON.stringify({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name: 'labels.example.org' },
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['secrets'] },
          ],
        },
        matchConditions: [{ name: 'forbidden', expression: "object.metadata.name == 'forbidden'" }],
        mutations: [
          {
            patchType: 'ApplyConfiguration',
            applyConfiguration: {
              expression:
                "Object{metadata: Object.metadata{labels: {'copy': object.metadata.labels['canary']}}}",
            },
          },
        ],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name: 'labels' },
      spec: {
        policyName: 'labels.example.org',
        matchResources: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mutated' } },
        },
      },
    },
  ],
});
