import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTraceParent } from '../../src/server/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('the header traceparent', () => {
  it('has the ids of the trace and of the span', () => {
    const ids = { trace_id: TRACE, span_id: SPAN };
    assert.deepEqual(readTraceParent(`00-${TRACE}-${SPAN}-01`), ids);
    assert.deepEqual(readTraceParent(`00-${TRACE}-${SPAN}-00`), ids, 'not sampled');
  });

  it('of a later version may have more', () => {
    assert.equal(readTraceParent(`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`)?.trace_id, TRACE);
    assert.equal(readTraceParent(`cc-${TRACE}-${SPAN}-01`)?.span_id, SPAN);
  });

  const others: Readonly<Record<string, unknown>> = {
    'no header': undefined,
    'several headers': [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`],
    'several headers in one': `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    'an empty text': '',
    'version 00 with more': `00-${TRACE}-${SPAN}-01-more`,
    'a later version with more and no hyphen': `01-${TRACE}-${SPAN}-01more`,
    'version ff': `ff-${TRACE}-${SPAN}-01`,
    'a trace of zeros': `00-${'0'.repeat(32)}-${SPAN}-01`,
    'a span of zeros': `00-${TRACE}-${'0'.repeat(16)}-01`,
    'upper case': `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    'a short trace': `00-${TRACE.slice(1)}-${SPAN}-01`,
    'a short span': `00-${TRACE}-${SPAN.slice(1)}-01`,
    'no flags': `00-${TRACE}-${SPAN}`,
    'text before it': ` 00-${TRACE}-${SPAN}-01`,
    'a line break': `00-${TRACE}-${SPAN}-01\n`,
    'a long text': `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1_000)}`,
  };
  for (const [title, header] of Object.entries(others))
    it(`is not read: ${title}`, () => assert.equal(readTraceParent(header), undefined));
});
