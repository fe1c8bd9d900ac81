/** `onvera ops cancel`: asks an operation to stop. */
import { argument, type Invocation } from "../invocation.ts";

/** Queued work is canceled at once; running work stops at the next safe point. */
export async function run(invocation: Invocation): Promise<undefined> {
  const operation = await invocation.api().call("cancelOperation", { path: { operation_id: argument(invocation, 0) } });
  const { id, status, forced_stop_available_at } = operation;
  const lines =
    status === "running"
      ? [
          `Operation ${id} was asked to stop; it is canceled once its work has stopped.`,
          ...(forced_stop_available_at === null
            ? []
            : [`Work that does not stop is ended hard at ${forced_stop_available_at}.`]),
          `Wait for it: onvera ops wait ${id}`,
        ]
      : [`Operation ${id} is ${status}.`];
  invocation.output.data(operation, { names: () => [id], table: () => `${lines.join("\n")}\n` });
  return undefined;
}
