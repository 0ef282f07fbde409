import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findEphemeralTokens } from '../../src/admission/ephemeral-tokens.ts';
import { planEphemeral, type EphemeralInput } from '../../src/admission/plan-ephemeral.ts';
import type { ContainerShape } from '../../src/admission/pod-shape.ts';
import { DIRECTORY, MOUNT } from './pods.ts';

const VALUES = { emptyKeys: [] };

/** The pod's existing volumes and mounts for each token. */
function inputOf(names: readonly string[], values: EphemeralInput['values'] = VALUES): EphemeralInput {
  const volumes = new Map(
    names.map((name) => [`jwt-${name}`, { name: `jwt-${name}`, secret: { secretName: name } }]),
  );
  const { tokens } = findEphemeralTokens({ ...values, token: names.join() }, undefined, volumes);
  assert.equal(tokens.length, names.length);
  return { tokens, values, volumes, started: [] };
}

function containers(count: number, more: Partial<ContainerShape> = {}): readonly ContainerShape[] {
  const base = { list: 'ephemeralContainers', mounts: [], devices: [], env: [], hasEnvFrom: false } as const;
  return Array.from({ length: count }, (_, index) => ({
    ...base,
    index,
    name: `debugger-${index}`,
    ...more,
  }));
}

describe('the part that ephemeral containers lack', () => {
  it('can be only the variable', () => {
    const mounts = [{ volume: 'jwt-my-jwt', path: DIRECTORY, subPath: '', readOnly: true }];
    const { containers: plans } = planEphemeral(containers(1, { mounts }), inputOf(['my-jwt']));
    const env = { name: 'BEARER_TOKEN_FILE', value: `${MOUNT.mountPath}/token` };
    assert.deepEqual([plans.length, plans[0]?.mounts, plans[0]?.env], [1, [], env]);
  });

  it('is not searched for in more mounts than can be compared', () => {
    const names = Array.from({ length: 32 }, (_, index) => `t${index}`);
    const mount = { volume: 'data', path: '/data', subPath: '', readOnly: false };
    const many = containers(1, { mounts: Array.from({ length: 65_536 }, () => mount) });
    const { containers: plans, reason, warnings } = planEphemeral(many, inputOf(names));
    assert.deepEqual([plans, reason], [[], 'TooLarge']);
    assert.match(
      warnings.map(({ text }) => text).join(),
      /^this pod is too large: 32 tokens in 1 container, among 65536 mounts$/,
    );
  });

  it('is not searched for below more volumes at one directory of a container that runs', () => {
    const names = Array.from({ length: 32 }, (_, index) => `t${index}`);
    const input = inputOf(names);
    const mounts = Array.from({ length: 3_000 }, () =>
      names.map((name) => ({ volume: `jwt-${name}`, path: '/m', subPath: '', readOnly: true })),
    ).flat();
    const { reason } = planEphemeral(containers(1), { ...input, started: containers(1, { mounts }) });
    assert.equal(reason, 'TooLarge');
  });

  it('is not added if it would be larger than 1 MiB', () => {
    const values = { ...VALUES, mountPath: `/${'x'.repeat(250)}`.repeat(10) };
    const {
      containers: plans,
      reason,
      warnings,
    } = planEphemeral(containers(300), inputOf(['my-jwt'], values));
    assert.deepEqual([plans, reason], [[], 'TooLarge']);
    assert.match(
      warnings.map(({ text }) => text).join(),
      /this pod is too large: 1 token in 300 containers$/,
    );
    assert.equal(planEphemeral(containers(100), inputOf(['my-jwt'], values)).containers.length, 100);
  });
});
