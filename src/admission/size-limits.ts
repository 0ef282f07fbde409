import { INJECTION_ANNOTATIONS } from '../resources/names.ts';
import type { ContainerPlan, PodDenial, TokenVolume } from './decision.ts';
import type { ContainerShape } from './pod-shape.ts';
import { makeTokenVolume } from './token-volume.ts';

/**
 * The largest patch in an answer. What it adds goes into an object that may have 1.5 MiB at most (etcd's
 * `max-request-bytes`); and what is added to one container is repeated in each of them.
 */
const MAX_PATCH_BYTES = 1_048_576;

/** The size of each operation without its texts, with the longest path that it can have. */
const VOLUME_BYTES = byteLength({
  op: 'add',
  path: '/spec/volumes/-',
  value: { ...makeTokenVolume('', 0o777), name: '' },
});
const MOUNT_BYTES = byteLength({
  op: 'add',
  path: '/spec/ephemeralContainers/99999/volumeMounts/-',
  value: { name: '', mountPath: '', readOnly: true },
});
const ENV_BYTES = byteLength({
  op: 'add',
  path: '/spec/ephemeralContainers/99999/env/0',
  value: [{ name: '', value: '' }],
});

/** An upper bound of the size of a patch while it is planned. */
export class PatchSize {
  /** Counts the texts of `#plans` as if each character took the most bytes. */
  #bytes = 0;
  #plans: ContainerPlan[] = [];

  /** Both names are ASCII. */
  addVolume({ name, secret }: TokenVolume): void {
    this.#bytes += VOLUME_BYTES + name.length + secret.secretName.length;
  }

  addContainer(plan: ContainerPlan): void {
    this.#plans.push(plan);
    this.#bytes += planBytes(plan, mostTextBytes);
  }

  /** Measures the texts only where it can make a difference. */
  isTooLarge(): boolean {
    if (this.#bytes <= MAX_PATCH_BYTES) return false;
    for (const plan of this.#plans) {
      this.#bytes += planBytes(plan, textBytes) - planBytes(plan, mostTextBytes);
    }
    this.#plans = [];
    return this.#bytes > MAX_PATCH_BYTES;
  }
}

function planBytes({ mounts, env }: ContainerPlan, measure: (text: string) => number): number {
  let bytes = env === undefined ? 0 : ENV_BYTES + measure(env.name) + measure(env.value);
  for (const { name, mountPath } of mounts) bytes += MOUNT_BYTES + measure(name) + measure(mountPath);
  return bytes;
}

const SELECT = `select containers with annotation ${INJECTION_ANNOTATIONS.containers}`;

/** The refusal of a pod whose patch would be larger than 1 MiB. */
export function explainTooLarge(containers: number, tokens: number): PodDenial {
  return {
    reason: 'TooLarge',
    what: describeTooLarge(containers, tokens),
    remedy: `use a shorter path, or ${SELECT}`,
  };
}

/**
 * The refusal of a pod whose patch would take too long to find.
 * @param all the containers that were to be looked at, those that get no token included.
 */
export function explainTooMuchWork(
  containers: number,
  tokens: number,
  all: readonly ContainerShape[],
): PodDenial {
  const mounts = all.reduce((sum, one) => sum + one.mounts.length + one.devices.length, 0);
  return {
    reason: 'TooLarge',
    what: `${describeTooLarge(containers, tokens)}, among ${countOf(mounts, 'mount')}`,
    remedy: `use fewer mounts or tokens, or shorter paths, or ${SELECT}`,
  };
}

function describeTooLarge(containers: number, tokens: number): string {
  return `this pod is too large: ${countOf(tokens, 'token')} in ${countOf(containers, 'container')}`;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function byteLength(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** The size if each character were written `\u0000`. */
function mostTextBytes(text: string): number {
  return 6 * text.length;
}

/** An upper bound of the bytes of the text as JSON in UTF-8: control characters and lone surrogates are written `\u0000`. */
function textBytes(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || (unit >= 0xd800 && unit <= 0xdfff)) bytes += 6;
    else if (unit === 0x22 || unit === 0x5c) bytes += 2;
    else bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
  }
  return bytes;
}
