import type { Logger } from 'pino';
import { formatTime } from '../time/format-time.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Recorder, Subject } from './recorder.ts';

/**
 * Publishes Kubernetes Events about a JWT; best effort, returns at once.
 *
 * @internal
 */
export interface EventSink {
  publish(event: {
    readonly regarding: Subject;
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly action: string;
    readonly note: string;
  }): void;
}

interface RecorderOptions {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'signatures' | 'signingDuration' | 'renewalLateness' | 'reconcileErrors'>;
  readonly events: EventSink;
}

/** One log line per signature and per change, the metrics beside it; Events for changes and problems only. */
export function createRecorder({ log, metrics, events }: RecorderOptions): Recorder {
  return {
    signed({ namespace, name, cause, algorithm, keyId, tokenId, expiresAt, duration, lateness }) {
      metrics.signatures.inc({ algorithm, cause });
      metrics.signingDuration.observe(duration);
      if (lateness !== undefined) metrics.renewalLateness.observe(Math.max(0, lateness));
      const expires = formatTime(expiresAt);
      log.info({ namespace, name, reason: cause, kid: keyId, jti: tokenId, expiresAt: expires }, 'signed');
    },
    repaired({ namespace, name }) {
      log.info({ namespace, name }, 'metadata of the Secret written again, same token');
    },
    disowned({ namespace, name }) {
      log.info({ namespace, name }, 'the JWT was taken off the owners of its Secret');
    },
    conditionChanged(subject, condition, isFirst) {
      const { namespace, name } = subject;
      const { type, status, reason, message: note } = condition;
      log.info({ namespace, name, condition: type, status, reason }, note);
      // Recorded when the write failed, at each try.
      if (reason === 'WriteFailed' || reason === 'WriteRefused') return;
      const isGood = (type === 'Ready' || type === 'KeyAvailable') && status !== 'False';
      // A first token is routine, like every renewal; and when a key is there again, Ready alone says it.
      if (isGood && (isFirst || type === 'KeyAvailable')) return;
      events.publish({ regarding: subject, type: isGood ? 'Normal' : 'Warning', reason, action: type, note });
    },
    conditionEnded(subject, { type, reason }) {
      const { namespace, name } = subject;
      const note = `${type} is over`;
      log.info({ namespace, name, condition: type, status: 'False', reason }, note);
      events.publish({ regarding: subject, type: 'Normal', reason, action: type, note });
    },
    failed(subject, reason, message, nextAttemptAt) {
      const { namespace, name } = subject;
      metrics.reconcileErrors.inc({ reason });
      log.warn({ namespace, name, reason, nextAttemptAt: formatTime(nextAttemptAt) }, message);
      events.publish({ regarding: subject, type: 'Warning', reason, action: 'Reconcile', note: message });
    },
  };
}
