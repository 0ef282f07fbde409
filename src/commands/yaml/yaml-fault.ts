/** YAML that Kubernetes cannot read, or that is too large for us: what it is, and what helps. */
export class YamlFault extends Error {
  override readonly name = 'YamlFault';
  readonly remedy: string;

  constructor(fault: string, remedy: string) {
    super(fault);
    this.remedy = remedy;
  }
}
