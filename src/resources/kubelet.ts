import type { Seconds } from '../time/units.ts';

/**
 * How long after a Secret the files of a pod have what is in it. The kubelet looks at a pod's Secrets every 60 to 90 s
 * (`wait.Jitter` of its sync period, kubelet's pod_workers.go); measured on real nodes: 0 to 84 s.
 */
export const REFRESHED_WITHIN: Seconds = 90;
