import { NestedMounts } from '../../src/admission/placement/nested-mounts.ts';
import type { ContainerShape, DeviceShape, MountShape } from '../../src/admission/pod-shape.ts';

/** A mount of a whole volume, writable. */
export function mount(volume: string, path: string, more: Partial<MountShape> = {}): MountShape {
  return { volume, path, subPath: '', readOnly: false, ...more };
}

/** A container with these mounts and devices, and nothing else. */
export function shape(
  mounts: readonly MountShape[],
  devices: readonly DeviceShape[] = [],
  name = 'app',
): ContainerShape {
  return { list: 'containers', index: 0, name, mounts, devices, env: [], hasEnvFrom: false };
}

/** For a pod whose containers mount nothing below a volume with a token. */
export const NOTHING_NESTED = new NestedMounts([], []);
