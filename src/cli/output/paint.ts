/** The few colours the command line uses; always beside a word, never instead of one. */
import { styleText } from "node:util";

const statusColors: Record<string, Parameters<typeof styleText>[0]> = {
  ready: "green",
  healthy: "green",
  running: "green",
  succeeded: "green",
  ok: "green",
  active: "green",
  provisioning: "yellow",
  destroying: "yellow",
  queued: "yellow",
  degraded: "yellow",
  starting: "yellow",
  draining: "yellow",
  drained: "gray",
  stopped: "gray",
  destroyed: "gray",
  canceled: "gray",
  revoked: "gray",
  failed: "red",
  unhealthy: "red",
  error: "red",
};

/** Colours a status word; words not known stay as they are. */
export function paintStatus(cell: string): string {
  const color = statusColors[cell.trim()];
  return color === undefined ? cell : styleText(color, cell);
}

export const dim = (text: string): string => styleText("dim", text);
export const red = (text: string): string => styleText("red", text);
