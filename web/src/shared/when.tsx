/** Times: relative to read, exact on hover. */
import { Text, type TextProps } from "@mantine/core";
import { useEffect, useState } from "react";

const SECOND = 1000;
const units = [
  { name: "day", milliseconds: 86_400_000 },
  { name: "hour", milliseconds: 3_600_000 },
  { name: "minute", milliseconds: 60_000 },
  { name: "second", milliseconds: SECOND },
] as const;
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `3 minutes ago`. */
export function ago(at: number, now: number): string {
  const distance = at - now;
  const unit = units.find(({ milliseconds }) => Math.abs(distance) >= milliseconds) ?? units[units.length - 1];
  return unit ? relative.format(Math.round(distance / unit.milliseconds), unit.name) : "";
}

/** `1 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / SECOND));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** The present moment, again every `everyMilliseconds`; false stands still. */
export function useNow(everyMilliseconds: number | false): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (everyMilliseconds === false) return;
    const timer = setInterval(() => setNow(Date.now()), everyMilliseconds);
    return () => clearInterval(timer);
  }, [everyMilliseconds]);
  return now;
}

export function When({ at, ...props }: { at: string | null } & TextProps) {
  const now = useNow(10 * SECOND);
  if (at === null) return <Text {...props}>never</Text>;
  return (
    <Text {...props} component="time" {...{ dateTime: at, title: new Date(at).toLocaleString() }}>
      {ago(Date.parse(at), now)}
    </Text>
  );
}
