/** What installing a package says, as messages of the operation. */
import { createProgress, type Progress } from "../../../domain/progress.ts";
import type { StepIo } from "../../worker/target-driver.ts";

/** A reporter whose steps become the operation's message; failures come as exceptions and need none. */
export function packageProgress(io: Pick<StepIo, "say">): Progress {
  return createProgress((event) => {
    if (event.type === "started") io.say(withEstimate(event.step.message, event.step.estimateSeconds));
    if (event.type === "updated") io.say(event.message);
  });
}

const withEstimate = (message: string, seconds: number | undefined): string =>
  seconds === undefined ? message : `${message} (about ${seconds} s)`;
