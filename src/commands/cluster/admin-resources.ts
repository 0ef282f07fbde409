import type { Resource } from '../../kube/resource-path.ts';

/** Deployments (apps/v1). */
export const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', plural: 'deployments' };
/** CustomResourceDefinitions (apiextensions.k8s.io/v1). */
export const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
};
