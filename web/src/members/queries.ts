/** What the members page asks and changes. */
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { messageOf } from "../api/problem.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";

export const useMembers = () => useQuery({ queryKey: keys.members, queryFn: () => dataOf(api.GET("/api/v1/members")) });

export const useInvitations = () =>
  useQuery({ queryKey: keys.invitations, queryFn: () => dataOf(api.GET("/api/v1/invitations")) });

/** A change of who is in the organization; a refusal is told in a corner of the page. */
export function useMemberChange<Input, Output>(send: (input: Input) => Promise<Output>) {
  return useMutation({
    mutationFn: send,
    onSettled: () => {
      for (const queryKey of [keys.members, keys.invitations, keys.whoami]) {
        void queryClient.invalidateQueries({ queryKey });
      }
    },
    onError: (error) =>
      notifications.show({ color: "red", title: "That was refused", message: messageOf(error), autoClose: 8000 }),
  });
}
