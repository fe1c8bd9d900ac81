/** States as icon and word: colour alone says nothing to many readers. */
import { Badge } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconHelpCircle,
  IconLoader,
  IconPlayerStop,
  IconTrash,
} from "@tabler/icons-react";
import type { ComponentType } from "react";

interface Look {
  color: string;
  icon: ComponentType<{ size?: number; "aria-hidden"?: boolean }>;
}

const looks: Readonly<Record<string, Look>> = {
  ready: { color: "teal", icon: IconCircleCheck },
  healthy: { color: "teal", icon: IconCircleCheck },
  succeeded: { color: "teal", icon: IconCircleCheck },
  active: { color: "teal", icon: IconCircleCheck },
  running: { color: "blue", icon: IconLoader },
  provisioning: { color: "blue", icon: IconLoader },
  starting: { color: "blue", icon: IconLoader },
  open: { color: "blue", icon: IconClock },
  accepted: { color: "teal", icon: IconCircleCheck },
  queued: { color: "gray", icon: IconClock },
  draining: { color: "yellow", icon: IconClock },
  drained: { color: "gray", icon: IconPlayerStop },
  degraded: { color: "yellow", icon: IconAlertTriangle },
  expired: { color: "yellow", icon: IconAlertTriangle },
  destroying: { color: "orange", icon: IconTrash },
  destroyed: { color: "gray", icon: IconTrash },
  failed: { color: "red", icon: IconCircleX },
  failing: { color: "yellow", icon: IconAlertTriangle },
  synced: { color: "teal", icon: IconCircleCheck },
  syncing: { color: "blue", icon: IconLoader },
  removed: { color: "gray", icon: IconBan },
  closed: { color: "gray", icon: IconBan },
  "waits for start": { color: "gray", icon: IconPlayerStop },
  pending: { color: "gray", icon: IconClock },
  disabled: { color: "gray", icon: IconPlayerStop },
  unhealthy: { color: "red", icon: IconCircleX },
  lost: { color: "red", icon: IconCircleX },
  canceled: { color: "gray", icon: IconBan },
  revoked: { color: "gray", icon: IconBan },
  stopped: { color: "gray", icon: IconPlayerStop },
  unknown: { color: "gray", icon: IconHelpCircle },
};

const plain: Look = { color: "gray", icon: IconCircleDashed };

export function StateBadge({ state }: { state: string }) {
  const { color, icon: Icon } = looks[state] ?? plain;
  return (
    <Badge
      variant="light"
      color={color}
      tt="none"
      fw={600}
      miw="max-content"
      leftSection={<Icon size={13} aria-hidden />}
      // The light variant's own text colour falls short of a contrast of 4.5 for some colours.
      styles={{ label: { color: "var(--mantine-color-text)" } }}
    >
      {state}
    </Badge>
  );
}
