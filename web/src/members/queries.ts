/** What the members page asks and changes. */
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { useToldChange } from "../api/told-change.ts";

export const useMembers = () => useQuery({ queryKey: keys.members, queryFn: () => dataOf(api.GET("/api/v1/members")) });

export const useInvitations = () =>
  useQuery({ queryKey: keys.invitations, queryFn: () => dataOf(api.GET("/api/v1/invitations")) });

/** A change of who is in the organization. */
export const useMemberChange = <Input, Output>(send: (input: Input) => Promise<Output>) =>
  useToldChange(send, [keys.members, keys.invitations, keys.whoami]);
