/** Changes whose refusal is told in a corner of the page. */
import { notifications } from "@mantine/notifications";
import { type QueryKey, useMutation } from "@tanstack/react-query";
import { messageOf, nextOf } from "./problem.ts";
import { queryClient } from "./query-client.ts";

const SHOWN_MILLISECONDS = 8000;

/** Says that the service refused, and why. */
export const tellRefusal = (error: Error) =>
  notifications.show({
    color: "red",
    title: "That was refused",
    message: [messageOf(error).replace(/\.$/, ""), nextOf(error)].filter(Boolean).join(". "),
    autoClose: SHOWN_MILLISECONDS,
  });

/**
 * A change, after which other answers have to be asked for again.
 * @param stale their keys
 */
export function useToldChange<Input, Output>(send: (input: Input) => Promise<Output>, stale: readonly QueryKey[]) {
  return useMutation({
    mutationFn: send,
    onSettled: () => {
      for (const queryKey of stale) void queryClient.invalidateQueries({ queryKey });
    },
    onError: tellRefusal,
  });
}
