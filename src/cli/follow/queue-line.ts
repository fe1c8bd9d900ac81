/** The status line of work that waits. A queue is worth a line only when it lasts: the documented lines begin with the first phase. */
import type { StatusLine } from "./status-line.ts";

const WORTH_A_LINE_MILLISECONDS = 3000;

export interface QueueLine {
  /** Shows what the work waits for, or will if it still waits in a moment. */
  show(message: string): void;
  /** The work waits no more. */
  leave(): void;
}

export function createQueueLine(status: StatusLine): QueueLine {
  let timer: NodeJS.Timeout | undefined;
  let message = "";
  let isShown = false;
  const show = () => {
    isShown = true;
    status.show("queued", message);
  };
  return {
    show(next) {
      message = next;
      if (isShown) show();
      else timer ??= setTimeout(show, WORTH_A_LINE_MILLISECONDS);
    },
    leave() {
      clearTimeout(timer);
      timer = undefined;
      isShown = false;
    },
  };
}
