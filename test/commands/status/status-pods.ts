import { readPodMounts, type PodMounts } from '../../../src/commands/status/pod-mounts.ts';
import { NUDGED_AT } from '../../../src/resources/names.ts';
import { parseTime } from '../../../src/time/format-time.ts';

/** Seconds since the epoch for a time such as `12:34:56` on the day of these tests. */
export function at(time: string): number {
  return parseTime(`2026-01-01T${time}Z`) ?? Number.NaN;
}

/** A time such as `12:34:56` on that day in RFC 3339. */
export function stamp(time: string): string {
  return `2026-01-01T${time}Z`;
}

interface MadePod {
  readonly name?: string;
  readonly phase?: string;
  readonly started?: string;
  /** Time on the day of these tests. */
  readonly nudged?: string;
  readonly volumes?: readonly object[];
  /** Mounts of the only container, `main`. */
  readonly mounts?: readonly object[];
  readonly containerStarted?: string;
  readonly more?: object;
}

/** A running pod as JSON, which mounts Secret my-jwt, with the given changes. */
export function wirePod({
  name = 'web',
  phase = 'Running',
  started = '10:00:00',
  nudged,
  volumes = [{ name: 'token', secret: { secretName: 'my-jwt' } }],
  mounts = [{ name: 'token', mountPath: '/run/token' }],
  containerStarted = started,
  more = {},
}: MadePod = {}) {
  return {
    metadata: {
      name,
      namespace: 'science',
      ...(nudged === undefined ? {} : { annotations: { [NUDGED_AT]: stamp(nudged) } }),
    },
    spec: { volumes, containers: [{ name: 'main', volumeMounts: mounts }], ...more },
    status: {
      phase,
      startTime: stamp(started),
      containerStatuses: [{ name: 'main', state: { running: { startedAt: stamp(containerStarted) } } }],
    },
  };
}

/** A pod like that, as the service reads it. */
export function makePod(made: MadePod = {}): PodMounts {
  const pod = readPodMounts(wirePod(made));
  if (pod === undefined) throw new Error('the pod mounts nothing');
  return pod;
}
