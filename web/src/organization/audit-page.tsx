/** Who did what, when, from where. */
import { Code, Group, Table, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { api, dataOf } from "../api/client.ts";
import { usePages } from "../api/pages.ts";
import { keys } from "../api/query-keys.ts";
import type { AuditEvent } from "../api/types.ts";
import { Listed } from "../shared/listed.tsx";
import { OlderOnes } from "../shared/older-ones.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";
import { originWords } from "../shared/words.ts";

const PER_PAGE = 50;
const TYPING_MILLISECONDS = 300;

export function AuditPage() {
  const [action, setAction] = useState("");
  const [target, setTarget] = useState("");
  const [filters] = useDebouncedValue({ action: action.trim(), target: target.trim() }, TYPING_MILLISECONDS);
  const list = usePages([...keys.audit, filters], (from) => {
    const { action: what, target: about } = filters;
    const query = { per_page: PER_PAGE, ...(what && { action: what }), ...(about && { target_id: about }), ...from };
    return dataOf(api.GET("/api/v1/audit", { params: { query } }));
  });
  return (
    <Page title="Audit log">
      <Group>
        <TextInput
          label="Action"
          placeholder="deployment.destroy"
          value={action}
          onChange={(event) => setAction(event.currentTarget.value)}
        />
        <TextInput
          label="Target"
          placeholder="dep_…"
          value={target}
          onChange={(event) => setTarget(event.currentTarget.value)}
        />
      </Group>
      <Listed
        query={list}
        items={list.items}
        empty={
          <Empty title="No such entries">
            Nothing in the log fits these filters. An action is written whole, as in deployment.destroy; a target is an
            id.
          </Empty>
        }
      >
        {(events) => <AuditTable events={events} />}
      </Listed>
      <OlderOnes of={list} />
    </Page>
  );
}

const AuditTable = ({ events }: { events: readonly AuditEvent[] }) => (
  <ScrollTable isFramed label="Audit log" columns={["When", "Who", "From", "Action", "Target", "Outcome"]}>
    {events.map(({ id, at, actor, origin, action: what, target_id: targetId, outcome }) => (
      <Table.Tr key={id}>
        <Table.Td>
          <When at={at} size="sm" />
        </Table.Td>
        <Table.Td>{actor.name}</Table.Td>
        <Table.Td>{originWords(origin)}</Table.Td>
        <Table.Td>
          <Code>{what}</Code>
        </Table.Td>
        <Table.Td style={{ overflowWrap: "anywhere" }}>{targetId ?? ""}</Table.Td>
        <Table.Td>{outcome}</Table.Td>
      </Table.Tr>
    ))}
  </ScrollTable>
);
