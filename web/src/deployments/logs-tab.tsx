/** What the running app writes: all processes or one, searched, followed, paused, taken along. */
import { Button, Group, Paper, Select, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { Deployment, LogLine } from "../api/types.ts";
import { saveFile } from "../shared/save-text.ts";
import { Failure } from "../shared/states.tsx";
import { logFile } from "./log-file.ts";
import { useLog } from "./log-stream.ts";
import { useApps } from "./queries.ts";

const LINE_PIXELS = 20;
const COLOR_CODES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

const levels = [
  { value: "info", label: "info and up" },
  { value: "warning", label: "warning and up" },
  { value: "error", label: "errors" },
];
const spans = [
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "an hour" },
  { value: "21600", label: "six hours" },
  { value: "86400", label: "a day" },
];

const textOf = ({ at, process, text }: LogLine): string =>
  `${new Date(at).toLocaleTimeString("en-GB")}  ${process.padEnd(13)}  ${text.replace(COLOR_CODES, "")}`;

export function LogsTab({ deployment }: { deployment: Deployment }) {
  const apps = useApps();
  const [process, setProcess] = useState<string | null>(null);
  const [needle, setNeedle] = useState("");
  const [onlyErrors, setOnlyErrors] = useState(false);
  const [isFollowing, setFollowing] = useState(true);
  const [level, setLevel] = useState<string | null>(null);
  const [since, setSince] = useState<string | null>(null);
  const { lines, error } = useLog(deployment.id, {
    process: process ?? undefined,
    level: level ?? undefined,
    since: since === null ? undefined : Number(since),
  });
  const wanted = needle.toLowerCase();
  const shown = lines.filter(
    ({ text, stream }) =>
      (!onlyErrors || stream === "stderr") && (wanted === "" || text.toLowerCase().includes(wanted)),
  );
  const download = useMutation({
    mutationFn: () =>
      logFile(deployment.id, {
        process: process ?? undefined,
        level: level ?? undefined,
        since: since === null ? undefined : Number(since),
        contains: needle === "" ? undefined : needle,
        stream: onlyErrors ? "stderr" : undefined,
      }),
    onSuccess: (file) => saveFile(`${deployment.name}.log`, file),
  });
  const ours = deployment.settings.airflow?.executor;
  const processes = (
    apps.data?.items.find(({ app_type: type }) => type === deployment.app_type)?.processes ?? []
  ).filter(({ executor }) => executor === null || executor === ours);
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        What the app writes while it runs. What Onvera did with it stands under each operation in the history.
      </Text>
      <Group gap="sm" align="flex-end">
        <Select
          label="Process"
          placeholder="all"
          data={processes.map(({ name }) => name)}
          value={process}
          onChange={setProcess}
          clearable
          w={180}
        />
        <Select label="Level" placeholder="all" data={levels} value={level} onChange={setLevel} clearable w={150} />
        <Select
          label="Since"
          placeholder="the last lines"
          data={spans}
          value={since}
          onChange={setSince}
          clearable
          w={150}
        />
        <TextInput
          label="Search"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={needle}
          onChange={(event) => setNeedle(event.currentTarget.value)}
        />
        <Switch
          label="stderr only"
          checked={onlyErrors}
          onChange={(event) => setOnlyErrors(event.currentTarget.checked)}
          mb={8}
        />
        <Switch
          label="follow"
          checked={isFollowing}
          onChange={(event) => setFollowing(event.currentTarget.checked)}
          mb={8}
        />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          loading={download.isPending}
          onClick={() => download.mutate()}
        >
          Download
        </Button>
      </Group>
      {error !== undefined && <Failure error={error} />}
      {download.isError && <Failure error={download.error} />}
      <LogLines lines={shown} isFollowing={isFollowing} />
    </Stack>
  );
}

function LogLines({ lines, isFollowing }: { lines: readonly LogLine[]; isFollowing: boolean }) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_PIXELS,
    overscan: 20,
  });
  useEffect(() => {
    if (isFollowing && lines.length > 0) rows.scrollToIndex(lines.length - 1);
  }, [isFollowing, lines.length, rows]);
  return (
    <Paper
      withBorder
      ref={frame}
      h="60vh"
      p="xs"
      style={{ overflow: "auto" }}
      tabIndex={0}
      role="log"
      aria-label="Log of the app"
    >
      {lines.length === 0 && (
        <Text size="sm" c="dimmed">
          No lines.
        </Text>
      )}
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, start, key }) => {
          const line = lines[index];
          return (
            line && (
              <div
                key={key}
                className="log"
                style={{ position: "absolute", top: 0, transform: `translateY(${start}px)` }}
              >
                {textOf(line)}
              </div>
            )
          );
        })}
      </div>
    </Paper>
  );
}
