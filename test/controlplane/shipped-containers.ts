import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const DEPLOYMENT = join(import.meta.dirname, '../../deploy/kustomize/default/deployment.yaml');

/** Names of the containers in the shipped pods. */
export type ContainerName = 'jwt-injector' | 'fallback-webhook';

/**
 * Settings of a container in the shipped Deployment. The chart has the same ones
 * (test/deploy/same-objects.test.ts).
 */
export interface ShippedContainer {
  /** Arguments after the program's name: `run` and flags. */
  readonly args: readonly string[];
  /** `limits.memory`, in bytes. */
  readonly memory: number;
  /** `terminationGracePeriodSeconds` of the pod, minus the time that `preStop` takes. */
  readonly graceMs: number;
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly name: string;
          readonly args: readonly string[];
          readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
          readonly resources: { readonly limits: { readonly memory: string } };
        }[];
      };
    };
  };
}

export function readShippedContainer(name: ContainerName): ShippedContainer {
  const deployment: Deployment = parse(readFileSync(DEPLOYMENT, 'utf8'));
  const { containers, terminationGracePeriodSeconds } = deployment.spec.template.spec;
  const container = containers.find((one) => one.name === name);
  const mebibytes = /^(\d+)Mi$/.exec(container?.resources.limits.memory ?? '')?.[1];
  if (container === undefined || mebibytes === undefined)
    throw new Error(`${DEPLOYMENT} has no container ${name} with a memory limit in Mi`);
  const graceSeconds = terminationGracePeriodSeconds - (container.lifecycle?.preStop.sleep.seconds ?? 0);
  return { args: container.args, memory: Number(mebibytes) * 2 ** 20, graceMs: graceSeconds * 1000 };
}
