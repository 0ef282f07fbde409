/** The JSON of one object as it was cut out of an answer; of one that is too long only its first bytes. */
export interface Piece {
  readonly text: string;
  readonly isWhole: boolean;
}

/**
 * Bytes of JSON. etcd takes 1.5 MiB per object by default, and an object of that size is seldom longer as JSON; base64
 * and escapes bring the largest ones that serve a purpose (1 MiB of data, 256 KiB of annotations) to 3 MiB. Anyone who may
 * write a single object could have one that is six times as long as in etcd.
 */
export const LONGEST_OBJECT = 4 * 1024 * 1024;

/** As much of a longer one as shows which object it is. */
export const HEAD_BYTES = 2_048;

/** Which object and state the beginning of a JSON text is about. */
export interface ObjectIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

/**
 * Built-in kinds begin with kind and name (Go writes struct members in order). Custom resources have their members
 * sorted, annotations first, where anybody may write what looks like a name: of those nothing is believed.
 */
const HEAD =
  /^\{(?:"type":"[A-Z]+","object":\{)?(?:"kind":"\w+","apiVersion":"[\w./-]+",)?"metadata":\{"name":"([\w.-]+)",(?:"generateName":"[\w.-]*",)?(?:"namespace":"([\w-]+)",)?"uid":"[\w-]+","resourceVersion":"(\d+)"/;

/** Which object the beginning of an object's or a watch event's JSON is about, if it is sure. */
export function identifyHead(text: string): ObjectIdentity | undefined {
  const [, name, namespace = '', resourceVersion] = HEAD.exec(text) ?? [];
  return name === undefined || resourceVersion === undefined
    ? undefined
    : { namespace, name, resourceVersion };
}
