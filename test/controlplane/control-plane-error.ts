/**
 * Something outside this program is missing or failed (Go, the network, the disk, a port, a component).
 * `message` says what, where and the remedy in words for a terminal; print it without the stack.
 */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
}
