/** Where the caller is signed in, and signing out there. */
import { Badge, Table } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { Session } from "../api/types.ts";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty, Failure } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { When } from "../shared/when.tsx";
import { useCaller } from "./use-caller.ts";

export function SessionsPage() {
  const { may } = useCaller();
  const list = useQuery({
    queryKey: keys.sessions,
    queryFn: () => dataOf(api.GET("/api/v1/sessions", { params: { query: { per_page: 100 } } })),
  });
  return (
    <Page title="Where you are signed in">
      <Listed query={list} items={list.data?.items} empty={<Empty title="Nowhere">API keys need no session.</Empty>}>
        {(items) => (
          <ScrollTable label="Sessions" columns={["Client", "Since", "Last used", ""]}>
            {items.map((session) => (
              <SessionRow key={session.id} session={session} canEnd={may("keys:write")} />
            ))}
          </ScrollTable>
        )}
      </Listed>
    </Page>
  );
}

function SessionRow({ session, canEnd }: { session: Session; canEnd: boolean }) {
  const { id, user_agent: client, current, created_at: since, refreshed_at: lastUsed } = session;
  const end = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: id } } })),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: keys.sessions }),
  });
  return (
    <Table.Tr>
      <Table.Td>
        {client ?? "unknown"} {current && <Badge variant="light">this one</Badge>}
        {end.error && <Failure error={end.error} />}
      </Table.Td>
      <Table.Td>
        <When at={since} size="sm" />
      </Table.Td>
      <Table.Td>
        <When at={lastUsed} size="sm" />
      </Table.Td>
      <Table.Td>
        {canEnd && !current && (
          <SureButton label="Sign out there" sure="Sign out now" onSure={() => end.mutate()} isBusy={end.isPending} />
        )}
      </Table.Td>
    </Table.Tr>
  );
}
