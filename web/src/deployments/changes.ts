/** Sends changes to a deployment; each is an operation, whose page opens. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { tellRefusal } from "../api/told-change.ts";

interface Accepted {
  operation_id: string | null;
}

/** A change that answers with its operation. `open` false stays on the page, where its progress is shown. */
export function useChange<Input>(send: (input: Input) => Promise<Accepted>, { open = true } = {}) {
  const navigate = useNavigate();
  return useMutation({
    mutationFn: send,
    onSuccess: ({ operation_id: id }) => {
      void queryClient.invalidateQueries({ queryKey: keys.deployments });
      void queryClient.invalidateQueries({ queryKey: ["deployment"] });
      if (open && id !== null) void navigate({ to: "/operations/$id", params: { id } });
    },
    onError: tellRefusal,
  });
}
