/** Sends changes to a deployment; each is an operation, whose page opens. */
import { notifications } from "@mantine/notifications";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { messageOf } from "../api/problem.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";

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
    onError: (error) =>
      notifications.show({ color: "red", title: "That was refused", message: messageOf(error), autoClose: 8000 }),
  });
}
