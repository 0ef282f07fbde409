import type { Paint } from '../output/report-output.ts';

/** The findings about a JWT that do not prevent its signature, each a sentence. */
interface ShownFindings {
  readonly warnings: readonly string[];
  readonly advice: readonly string[];
}

/** A line for each warning, then for each advice. */
export function describeLint({ warnings, advice }: ShownFindings, paint: Paint): readonly string[] {
  return [
    ...warnings.map((message) => `  ${paint('yellow', 'warning:')} ${message}`),
    ...advice.map((message) => `  ${paint('cyan', 'advice:')} ${message}`),
  ];
}
