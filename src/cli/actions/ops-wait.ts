/** `onvera ops wait`: follows an operation that was started earlier, or elsewhere. */
import { isTerminal } from "../../domain/operation.ts";
import { announceEnd, followToEnd } from "../follow/follow.ts";
import { argument, type Invocation, text } from "../invocation.ts";
import { timeoutSeconds } from "../options.ts";

/** Exit code as the operation ended; one that is over already is only announced. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const timeout = timeoutSeconds(text(invocation, "timeout"));
  const present = await invocation.api().call("getOperation", { path: { operation_id: argument(invocation, 0) } });
  const names = () => [present.id];
  if (isTerminal(present.status)) {
    const exitCode = announceEnd(invocation, present);
    output.data(present, { names, table: () => "" });
    return exitCode;
  }
  const { exitCode, operation } = await followToEnd(invocation, {
    operationId: present.id,
    type: present.type,
    startedAt: Date.parse(present.requested_at),
    timeoutSeconds: timeout,
  });
  if (operation !== undefined) output.data(operation, { names, table: () => "" });
  return exitCode;
}
