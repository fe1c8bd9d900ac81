/** Operations as rows. */
import { Anchor, Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Operation } from "../api/types.ts";
import { ResourceName } from "../deployments/resource-name.tsx";
import { StateBadge } from "../shared/badges.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { duration, When } from "../shared/when.tsx";
import { originWords } from "../shared/words.ts";
import { operationWords } from "./words.ts";

interface OperationTableProps {
  operations: readonly Operation[];
  withResource?: boolean;
}

export function OperationTable({ operations, withResource = false }: OperationTableProps) {
  const columns = ["Operation", "Status", ...(withResource ? ["Deployment"] : []), "By", "When", "Took"];
  return (
    <ScrollTable isFramed label="Operations" columns={columns}>
      {operations.map((operation) => (
        <Table.Tr key={operation.id}>
          <Table.Td>
            <Anchor component={Link} to={`/operations/${operation.id}`} size="sm" fw={600}>
              {operationWords(operation.type)}
            </Anchor>
          </Table.Td>
          <Table.Td>
            <StateBadge state={operation.status} />
          </Table.Td>
          {withResource && (
            <Table.Td>
              <ResourceName id={operation.resource_id} />
            </Table.Td>
          )}
          <Table.Td>
            {operation.requested_by.name}, {originWords(operation.origin)}
          </Table.Td>
          <Table.Td>
            <When at={operation.requested_at} size="sm" />
          </Table.Td>
          <Table.Td>{took(operation)}</Table.Td>
        </Table.Tr>
      ))}
    </ScrollTable>
  );
}

const took = ({ started_at: started, ended_at: ended }: Operation): string =>
  started === null || ended === null ? "" : duration(Date.parse(ended) - Date.parse(started));
