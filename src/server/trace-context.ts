/** The trace that a request belongs to. The names are those by which tools find the trace of a log line. */
export interface TraceContext {
  /** 32 hexadecimal digits. OpenTelemetry, "Trace Context in non-OTLP Log Formats". */
  readonly trace_id: string;
  /** 16 hexadecimal digits: the span of the API server that called us. */
  readonly span_id: string;
}

/** Version, trace, parent, flags; a version after 00 may have more, which nobody but it can read. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-|$)/;
/** Longer than what any version has. */
const MAX_CHARACTERS = 256;

/**
 * The ids in a header `traceparent` (W3C Trace Context §3.2), which the API server sends where tracing is configured.
 * `undefined` for any other text: a request is never refused for it.
 */
export function readTraceParent(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string' || header.length > MAX_CHARACTERS) return undefined;
  const [, version, traceId, spanId, end] = TRACEPARENT.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || (version === '00' && end !== '')) return undefined;
  return { trace_id: traceId, span_id: spanId };
}
