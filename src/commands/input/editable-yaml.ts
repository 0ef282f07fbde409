import {
  isMap,
  isNode,
  isSeq,
  parseAllDocuments,
  type Document,
  type ScalarTag,
  type Tags,
  type YAMLSeq,
} from 'yaml';
import type { PatchOperation } from '../../resources/json-patch.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { expandAliases } from './yaml-aliases.ts';

/** One document of a file, which can be changed without losing its comments, its order and its way of writing. */
export interface EditableDocument {
  readonly value: unknown;
  /** As it stands in the file, or as it is after `addTo`. Ends with a line break. */
  readonly text: () => string;
  /** Only `add` operations of RFC 6902 whose parents are there. */
  readonly addTo: (operations: readonly PatchOperation[]) => void;
  /** The value after `addTo`. */
  readonly changedValue: () => unknown;
}

/** A document that is no YAML: which one, from 1, and why. */
export interface YamlProblem {
  readonly document: number;
  readonly message: string;
}

/** Kubernetes' own tools read YAML 1.1: there `0444` is octal and `on` is true. Times and dates they take for strings. */
const NOT_IN_KUBERNETES = /:(timestamp|binary|omap|pairs|set)$/;
/** Numbers are written as they were: 1e3 stays 1e3, and integers beyond 2^53 are kept. */
const NUMBER = /:(int|float)$/;

function customTags(tags: Tags): Tags {
  return tags
    .filter((tag) => typeof tag === 'string' || (tag.format !== 'TIME' && !NOT_IN_KUBERNETES.test(tag.tag)))
    .map((tag) =>
      typeof tag === 'string' || tag.collection !== undefined || !NUMBER.test(tag.tag) ? tag : asWritten(tag),
    );
}

function asWritten(tag: ScalarTag): ScalarTag {
  const { stringify = (item) => String(item.value) } = tag;
  return { ...tag, stringify: (item, ...rest) => item.source ?? stringify(item, ...rest) };
}

export function readEditable(text: string): Result<readonly EditableDocument[], YamlProblem> {
  const documents = parseAllDocuments(text, { version: '1.1', merge: true, intAsBigInt: true, customTags });
  const read: EditableDocument[] = [];
  for (const [index, document] of documents.entries()) {
    const [error] = document.errors;
    if (error !== undefined) return fail({ document: index + 1, message: firstLine(error.message) });
    // What stands before the first document is its comment.
    const source = text.slice(index === 0 ? 0 : document.range[0], document.range[2]);
    try {
      read.push(editable(document, source, text));
    } catch (problem) {
      return fail({
        document: index + 1,
        message: problem instanceof Error ? firstLine(problem.message) : 'not readable',
      });
    }
  }
  return ok(read);
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? message).replace(/:$/, '');
}

function editable(document: Document.Parsed, source: string, text: string): EditableDocument {
  let changed = false;
  return {
    value: document.toJS(),
    changedValue: () => document.toJS(),
    text: () => {
      if (!changed) return source.endsWith('\n') || source === '' ? source : `${source}\n`;
      return document.toString({ lineWidth: 0, ...styleOf(text) });
    },
    addTo: (operations) => {
      if (operations.length === 0) return;
      if (!changed) expandAliases(document);
      changed = true;
      for (const operation of operations) {
        if (operation.op === 'add') add(document, operation.path, operation.value);
      }
    },
  };
}

/** How the file is written, as far as the library can be told. */
function styleOf(text: string): { indentSeq: boolean; flowCollectionPadding: boolean } {
  const sequence = /^( *)[^\s#-][^\n]*:[ \t]*\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- /m.exec(text);
  const indentSeq = sequence === null || sequence[1] !== sequence[2];
  return { indentSeq, flowCollectionPadding: !/[[{]["'\w]/.test(text) };
}

function add(document: Document.Parsed, pointer: string, value: unknown): void {
  const path = pointer.split('/').slice(1).map(unescapePointer);
  const last = path.pop() ?? '';
  let parent: unknown = document.contents;
  for (const key of path) {
    if (isMap(parent)) parent = parent.get(key, true);
    else parent = isSeq(parent) ? parent.get(Number(key), true) : undefined;
  }
  const node = document.createNode(value);
  if (isMap(parent)) parent.set(last, node);
  else if (isSeq(parent)) insert(parent, last, node);
  else throw new Error(`${pointer} is not in the document`);
}

function insert(list: YAMLSeq, key: string, node: unknown): void {
  if (list.items.length === 0) list.flow = false;
  if (key === '-') list.items.push(node);
  else {
    // A comment at the head of the list is about the entry that was first.
    const [first] = list.items;
    if (key === '0' && isNode(first) && typeof list.commentBefore === 'string') {
      first.commentBefore ??= list.commentBefore;
      list.commentBefore = null;
    }
    list.items.splice(Number(key), 0, node);
  }
}

/** RFC 6901 §4. */
function unescapePointer(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~');
}
