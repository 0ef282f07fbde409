/** The log of src/kube; pino's logger fits. Fields never hold a body, a token or a key. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
