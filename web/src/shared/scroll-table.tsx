/** A table that scrolls sideways on a narrow screen instead of breaking the page. */
import { Paper, Table } from "@mantine/core";
import type { ReactNode } from "react";

interface ScrollTableProps {
  label: string;
  columns: readonly string[];
  /** For a table that stands on the page itself; within a card it has the card's. */
  isFramed?: boolean;
  children: ReactNode;
}

export function ScrollTable({ label, columns, isFramed = false, children }: ScrollTableProps) {
  const table = (
    <Table.ScrollContainer
      minWidth={640}
      // Place for a scrollbar is taken only where there is one.
      scrollAreaProps={{ viewportProps: { tabIndex: 0 }, offsetScrollbars: "present" }}
    >
      <Table verticalSpacing="xs" highlightOnHover aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column} scope="col">
                {column}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
  return isFramed ? (
    <Paper withBorder px="xs">
      {table}
    </Paper>
  ) : (
    table
  );
}
