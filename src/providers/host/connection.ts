/** One gRPC connection is one provider instance: what it was configured with lives and dies with it. */
import type { Run } from "./hooks.ts";
import type { Values } from "./values.ts";

export interface Connection {
  config: Values;
  /** The run this connection was opened for, once its first call names the stack. */
  run: Run | null;
  /** Set by Cancel: nothing new begins; what is under way finishes. */
  canceled: boolean;
  /** URNs this connection has read by their id alone: the difference asked for next belongs to an import. */
  imports: Set<string>;
  /** Aborted when the connection is gone: nobody waits for an answer any more. */
  closed: AbortSignal;
}

/** A connection that ends when `closed` is aborted. */
export const newConnection = (closed: AbortSignal): Connection => ({
  config: {},
  run: null,
  canceled: false,
  imports: new Set(),
  closed,
});

/** The stack's name in `urn:pulumi:<stack>::<project>::<type>::<name>`; empty when the text is no URN. */
export function stackOfUrn(urn: string): string {
  return /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? "";
}

/** The resource type in a URN, without the types of its parents. */
export function typeOfUrn(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}
