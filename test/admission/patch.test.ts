import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ContainerPlan } from '../../src/admission/decision.ts';
import { writePatch } from '../../src/admission/patch.ts';
import { makeTokenVolume } from '../../src/admission/token-volume.ts';
import { container, DIRECTORY, ENV, VOLUME } from './pods.ts';

const MOUNTS = [{ name: 'jwt-my-jwt', mountPath: DIRECTORY, readOnly: true }] as const;
const volumes = [makeTokenVolume('my-jwt', 0o444)];
const ALONE: ContainerPlan = { list: 'containers', index: 0, name: 'app', mounts: MOUNTS, env: ENV };

const add = (path: string, value: unknown): object => ({ op: 'add', path, value });

describe('the patch of a plan', () => {
  it('adds no variable to a container that has it, beside one that needs it and the same mount', () => {
    const there = container('there', { volumeMounts: [], env: [] });
    const containers = [ALONE, { ...ALONE, index: 1, env: undefined }];
    assert.deepEqual(
      JSON.parse(writePatch({ spec: { containers: [there, there] } }, { volumes: [], containers })),
      [
        add('/spec/containers/0/volumeMounts/-', MOUNTS[0]),
        add('/spec/containers/0/env/0', ENV),
        add('/spec/containers/1/volumeMounts/-', MOUNTS[0]),
      ],
    );
  });

  it('adds to each container its own mounts, beside one that needs others and the same variable', () => {
    const there = container('there', { volumeMounts: [], env: [] });
    const others = [{ ...MOUNTS[0], mountPath: '/other' }] as const;
    const containers = [ALONE, { ...ALONE, index: 1, mounts: others }];
    assert.deepEqual(
      JSON.parse(writePatch({ spec: { containers: [there, there] } }, { volumes: [], containers })),
      [
        add('/spec/containers/0/volumeMounts/-', MOUNTS[0]),
        add('/spec/containers/0/env/0', ENV),
        add('/spec/containers/1/volumeMounts/-', others[0]),
        add('/spec/containers/1/env/0', ENV),
      ],
    );
  });

  it('adds to each container what is missing there, also if several need the same', () => {
    const there = container('there', { volumeMounts: [], env: [] });
    const spec = {
      initContainers: [there],
      containers: [there, there, container(), container('c', { env: [] })],
    };
    const plan = {
      volumes,
      containers: [
        { ...ALONE, list: 'initContainers' },
        ALONE,
        { ...ALONE, index: 1 },
        { ...ALONE, index: 2 },
        { ...ALONE, index: 3 },
        { ...ALONE, index: 12, env: undefined },
        { ...ALONE, index: 13, mounts: [] },
      ] as const,
    };
    assert.deepEqual(JSON.parse(writePatch({ spec }, plan)), [
      add('/spec/volumes', [VOLUME]),
      add('/spec/initContainers/0/volumeMounts/-', MOUNTS[0]),
      add('/spec/initContainers/0/env/0', ENV),
      add('/spec/containers/0/volumeMounts/-', MOUNTS[0]),
      add('/spec/containers/0/env/0', ENV),
      add('/spec/containers/1/volumeMounts/-', MOUNTS[0]),
      add('/spec/containers/1/env/0', ENV),
      add('/spec/containers/2/volumeMounts', MOUNTS),
      add('/spec/containers/2/env', [ENV]),
      add('/spec/containers/3/volumeMounts', MOUNTS),
      add('/spec/containers/3/env/0', ENV),
      add('/spec/containers/12/volumeMounts', MOUNTS),
      add('/spec/containers/13/env', [ENV]),
    ]);
  });

  it('is equal to the text of JSON.stringify for any content', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('\0', '"', '\\', '\n', 'ü', '\uD800', '/spec/0/'));
    fc.assert(
      fc.property(text, text, text, (pointer, name, value) => {
        const mounts = [{ name, mountPath: value, readOnly: true }] as const;
        const plan: ContainerPlan = { ...ALONE, mounts, env: { name, value } };
        const containers = [plan, { ...plan, index: 1 }];
        const patch = writePatch({}, { volumes, containers }, pointer);
        assert.equal(patch, JSON.stringify(JSON.parse(patch)));
        assert.deepEqual(JSON.parse(patch).slice(1), [
          add(`${pointer}/spec/containers/0/volumeMounts`, mounts),
          add(`${pointer}/spec/containers/0/env`, [{ name, value }]),
          add(`${pointer}/spec/containers/1/volumeMounts`, mounts),
          add(`${pointer}/spec/containers/1/env`, [{ name, value }]),
        ]);
      }),
    );
  });
});
