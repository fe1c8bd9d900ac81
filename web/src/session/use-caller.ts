/** Who is looking, and what they may do. */
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import type { WhoAmI } from "../api/types.ts";

export type Scope = WhoAmI["scopes"][number];

export interface CallerView {
  caller: WhoAmI | undefined;
  /** False until it is known: what may not be done is not shown for a moment. */
  may(scope: Scope): boolean;
}

export function useCaller(): CallerView {
  const { data: caller } = useQuery({
    queryKey: keys.whoami,
    queryFn: () => dataOf(api.GET("/api/v1/whoami")),
    staleTime: 60_000,
  });
  return { caller, may: (scope) => caller?.scopes.includes(scope) ?? false };
}
