import { Document, Scalar, visit } from 'yaml';
import { resolvePlain } from './resolve-scalar.ts';

/**
 * A value as YAML that Kubernetes reads as that value: the library would leave out the quotes of what is a boolean or
 * a number only in Kubernetes, such as `on` and `0b11`.
 */
export function printYamlValue(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && !isTextWithoutQuotes(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0 });
}

const MERGE_KEY = '<<';

function isTextWithoutQuotes(text: string): boolean {
  try {
    return text !== MERGE_KEY && typeof resolvePlain(text) === 'string';
  } catch {
    return false;
  }
}
