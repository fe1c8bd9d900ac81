/** Shows the steps of setting this machine up: one line each, with the time passed and the estimate on a terminal. */
import type { ProgressEvent } from "../../domain/progress.ts";
import { elapsed } from "./elapsed.ts";
import { safeText } from "./safe-text.ts";

export interface StepPrinter {
  event(event: ProgressEvent): void;
  end(): void;
}

export interface StepPrinterOptions {
  write(text: string): void;
  isLive: boolean;
  columns: number;
  now(): number;
}

interface Shown {
  message: string;
  startedAt: number;
  estimateSeconds: number | undefined;
  fraction: number | undefined;
}

/** Steps may run beside each other; the terminal's one live line shows the one begun last. */
export function createStepPrinter({ write, isLive, columns, now }: StepPrinterOptions): StepPrinter {
  const running = new Map<string, Shown>();
  let timer: NodeJS.Timeout | undefined;
  const erase = () => isLive && write("\r\u001b[2K");
  const draw = () => {
    const shown = [...running.values()].at(-1);
    erase();
    if (shown !== undefined) write(liveText(shown, now()).slice(0, Math.max(20, columns - 1)));
  };
  const finish = (name: string, text: string) => {
    running.delete(name);
    erase();
    write(`${text}\n`);
    if (isLive) draw();
  };
  return {
    event(event) {
      const { step } = event;
      if (event.type === "started") {
        const { message, estimateSeconds } = step;
        running.set(step.name, { message, startedAt: now(), estimateSeconds, fraction: undefined });
        if (!isLive)
          write(`${safeText(message)}${estimateSeconds ? ` (about ${elapsed(estimateSeconds * 1000)})` : ""}...\n`);
        else timer ??= setInterval(draw, 500).unref();
        if (isLive) draw();
      } else if (event.type === "updated") {
        const shown = running.get(step.name);
        if (shown === undefined) return;
        shown.message = event.message;
        shown.fraction = event.fraction;
        if (isLive) draw();
      } else if (event.type === "done") {
        finish(step.name, `✓ ${safeText(event.message)} (${elapsed(event.elapsedSeconds * 1000)})`);
      } else {
        finish(step.name, `✗ ${safeText(step.message)}: ${safeText(event.message)}`);
      }
    },
    end() {
      clearInterval(timer);
      timer = undefined;
      if (running.size > 0) erase();
      running.clear();
    },
  };
}

function liveText({ message, startedAt, estimateSeconds, fraction }: Shown, now: number): string {
  const spent = elapsed(now - startedAt);
  const share = fraction === undefined ? "" : ` ${Math.floor(fraction * 100)} %`;
  const of = estimateSeconds === undefined ? "" : ` of about ${elapsed(estimateSeconds * 1000)}`;
  return `  ${safeText(message)}...${share} (${spent}${of})`;
}
