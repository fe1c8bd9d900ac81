/** Everything an operation recorded, in order, to search and to take along. */
import { Button, Group, Paper, ScrollArea, Text, TextInput, Title } from "@mantine/core";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import type { OperationEvent } from "../api/types.ts";
import { saveText } from "../shared/save-text.ts";
import { eventText } from "./event-text.ts";

export function EventLog({ events }: { events: readonly OperationEvent[] }) {
  const [needle, setNeedle] = useState("");
  const lines = events.map((event) => ({ seq: event.seq, text: eventText(event) }));
  const shown = needle ? lines.filter(({ text }) => text.toLowerCase().includes(needle.toLowerCase())) : lines;
  const save = () =>
    saveText(`${events[0]?.operation_id ?? "operation"}.log`, lines.map(({ text }) => text).join("\n"));
  return (
    <Paper withBorder p="md">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          Log
        </Title>
        <Group gap="xs">
          <TextInput
            aria-label="Search the log"
            placeholder="Search"
            size="xs"
            leftSection={<IconSearch size={14} aria-hidden />}
            value={needle}
            onChange={(event) => setNeedle(event.currentTarget.value)}
          />
          <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} onClick={save}>
            Download
          </Button>
        </Group>
      </Group>
      <ScrollArea.Autosize
        mah={420}
        viewportProps={{ tabIndex: 0, role: "log", "aria-label": "Log of the operation" }}
        type="auto"
      >
        {shown.map(({ seq, text }) => (
          <div key={seq} className="log" data-seq={seq}>
            {text}
          </div>
        ))}
        {shown.length === 0 && (
          <Text size="sm" c="dimmed">
            {needle ? "No line holds this." : "Nothing yet."}
          </Text>
        )}
      </ScrollArea.Autosize>
    </Paper>
  );
}
