/** The phases in their order, with what each took. */
import { Group, Loader, Text, ThemeIcon } from "@mantine/core";
import { IconCheck, IconCircleDashed, IconMinus, IconX } from "@tabler/icons-react";
import type { Operation, OperationEvent } from "../api/types.ts";
import { duration, useNow } from "../shared/when.tsx";
import classes from "./phase-timeline.module.css";
import { type PhaseStep, phaseSteps } from "./phases.ts";
import { isOver } from "./words.ts";

const looks: Readonly<Record<PhaseStep["state"], { color: string; icon: React.ReactNode; words: string }>> = {
  done: { color: "teal", icon: <IconCheck size={14} aria-hidden />, words: "done" },
  current: { color: "blue", icon: <Loader size={12} color="white" aria-hidden />, words: "now" },
  failed: { color: "red", icon: <IconX size={14} aria-hidden />, words: "stopped here" },
  ahead: { color: "gray", icon: <IconCircleDashed size={14} aria-hidden />, words: "to come" },
  skipped: { color: "gray", icon: <IconMinus size={14} aria-hidden />, words: "not reached" },
};

export function PhaseTimeline({ operation, events }: { operation: Operation; events: readonly OperationEvent[] }) {
  const now = useNow(isOver(operation) ? false : 1000);
  const steps = phaseSteps(operation, events, now);
  if (steps.length === 0) return null;
  return (
    <ol className={classes.timeline} aria-label="Phases">
      {steps.map(({ phase, title, state, milliseconds }) => (
        <li
          key={phase}
          className={classes.step}
          aria-current={state === "current" ? "step" : undefined}
          data-state={state}
        >
          <Group gap={8} wrap="nowrap">
            <ThemeIcon
              size={22}
              radius="xl"
              color={looks[state].color}
              variant={state === "ahead" || state === "skipped" ? "light" : "filled"}
            >
              {looks[state].icon}
            </ThemeIcon>
            <div>
              <Text size="sm" fw={state === "current" ? 700 : 500}>
                {title}
              </Text>
              <Text size="xs" c="dimmed">
                {looks[state].words}
                {milliseconds === undefined ? "" : ` · ${duration(milliseconds)}`}
              </Text>
            </div>
          </Group>
        </li>
      ))}
    </ol>
  );
}
