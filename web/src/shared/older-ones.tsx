/** Reads further back in a list that has the newest first. */
import { Button, Group } from "@mantine/core";
import type { Pages } from "../api/pages.ts";

export function OlderOnes({ of: { hasMore, isReadingMore, readMore } }: { of: Pages<unknown> }) {
  if (!hasMore) return null;
  return (
    <Group justify="center">
      <Button variant="default" onClick={readMore} loading={isReadingMore}>
        Older ones
      </Button>
    </Group>
  );
}
