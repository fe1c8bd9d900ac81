/** The documented line `Status: <phase> - <message> (<elapsed> elapsed)`: one per phase, its clock running on a terminal. */
import { elapsed } from "../output/elapsed.ts";
import { safeText } from "../output/safe-text.ts";

export interface StatusLine {
  /**
   * Shows a phase; the same phase again only brings its message up to date.
   * @param elapsedMilliseconds how long the work had taken by then; by this machine's clock, when absent
   */
  show(phase: string, message: string, elapsedMilliseconds?: number): void;
  /** Lets the last line stand and stops the clock. */
  end(): void;
}

export interface StatusLineOptions {
  write(text: string): void;
  /** The line may be redrawn. */
  isLive: boolean;
  columns: number;
  /** When the work began, milliseconds since 1970. */
  startedAt: number;
  now(): number;
}

export const statusText = (phase: string, message: string, milliseconds: number): string =>
  `Status: ${phase} - ${safeText(message)} (${elapsed(milliseconds)} elapsed)`;

/** Makes the printer; on a terminal the current line is redrawn each second, elsewhere each phase is printed once. */
export function createStatusLine({ write, isLive, columns, startedAt, now }: StatusLineOptions): StatusLine {
  let current: { phase: string; message: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  // The service's times count where it gives them: its clock and this one may differ.
  let begunAt = startedAt;
  const draw = () => {
    if (current === undefined) return;
    const line = statusText(current.phase, current.message, now() - begunAt);
    write(`\r\u001b[2K${line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`}`);
  };
  return {
    show(phase, message, elapsedMilliseconds) {
      const isNew = phase !== current?.phase;
      if (!isNew && message === current?.message) return;
      if (elapsedMilliseconds !== undefined) begunAt = now() - elapsedMilliseconds;
      if (!isLive) {
        current = { phase, message };
        if (isNew) write(`${statusText(phase, message, now() - begunAt)}\n`);
        return;
      }
      if (isNew && current !== undefined) {
        draw();
        write("\n");
      }
      current = { phase, message };
      draw();
      timer ??= setInterval(draw, 1000).unref();
    },
    end() {
      clearInterval(timer);
      timer = undefined;
      if (isLive && current !== undefined) write("\n");
      current = undefined;
    },
  };
}
