import type { ObjectName } from '../resources/object-key.ts';
import type { JsonObject } from '../resources/json.ts';
import { APP, GROUP, KIND, VERSION } from '../resources/names.ts';
import { MAX_OBJECT_NAME, startOfName } from '../resources/object-name.ts';
import { formatMicroTime } from '../time/format-time.ts';
import type { Milliseconds } from '../time/units.ts';

/** Something about a JWT that its author should know. Words in `reason` and `action` are from fixed lists. */
export interface Occurrence {
  readonly regarding: ObjectName & { readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  /** The text for people, never with key or token; cut at 1 kB. */
  readonly note: string;
}

const MAX_NOTE_BYTES = 1_024; // bytes (Kubernetes API, Event v1)
const MAX_WORD_BYTES = 128; // bytes, of action, reason and reportingInstance

/** An Event's name: that of its subject and a suffix nobody else uses. */
export function eventName(subject: string, suffix: string): string {
  return `${startOfName(subject, MAX_OBJECT_NAME - suffix.length - 1)}.${suffix}`;
}

/** An events.k8s.io/v1 Event. `instance` names this process. */
export function eventBody(
  { regarding, type, reason, action, note }: Occurrence,
  name: string,
  instance: string,
  now: Milliseconds,
): JsonObject {
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: regarding.namespace },
    eventTime: formatMicroTime(now),
    reportingController: APP,
    reportingInstance: cutBytes(instance, MAX_WORD_BYTES),
    action: cutBytes(action, MAX_WORD_BYTES),
    reason: cutBytes(reason, MAX_WORD_BYTES),
    type,
    note: cutBytes(note, MAX_NOTE_BYTES),
    regarding: { apiVersion: `${GROUP}/${VERSION}`, kind: KIND, ...regarding },
  };
}

/** The first `bytes` bytes of UTF-8, no character cut in two. */
function cutBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && isInsideCharacter(encoded[end])) end -= 1;
  return encoded.toString('utf8', 0, end);
}

function isInsideCharacter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte < 0xc0;
}
