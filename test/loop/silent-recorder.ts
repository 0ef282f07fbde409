import type { Recorder } from '../../src/loop/recorder.ts';

/** A recorder for tests that do not care about reports. */
export const SILENT_RECORDER: Recorder = {
  signed() {},
  repaired() {},
  disowned() {},
  conditionChanged() {},
  conditionEnded() {},
  failed() {},
};
