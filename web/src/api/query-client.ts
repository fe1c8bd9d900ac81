/** How long answers are kept and when they are asked for again. */
import { QueryClient } from "@tanstack/react-query";
import { ApiProblem } from "./problem.ts";

const TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < TRIES && !(error instanceof ApiProblem && error.status < 500),
    },
  },
});
