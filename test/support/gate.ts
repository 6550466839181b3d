/**
 * Something that one waits for and another does.
 */
export class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => { this.open = resolve; });
}
