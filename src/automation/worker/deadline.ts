/** The time a step may take: asked to stop when it is over, given up when it does not. */
import { failure } from "../../domain/failures.ts";
import { LeaseLost } from "./journal.ts";
import { StepFailure } from "./target-driver.ts";

/** Beyond a step's grace period: what waits for something that never answers hears no signal. */
const ABANDON_MILLISECONDS = 120_000;

/**
 * Runs a step.
 * @param stop asks it to end: politely, then its engine is killed
 * @param abandonMilliseconds how long after that its end is waited for
 * @throws StepFailure DEADLINE_EXCEEDED when its time was over, else what it throws
 */
export async function withDeadline(
  milliseconds: number,
  { stop, abandonMilliseconds = ABANDON_MILLISECONDS }: { stop(): void; abandonMilliseconds?: number },
  work: () => Promise<void>,
): Promise<void> {
  let late = false;
  let giveUp: (error: Error) => void = () => undefined;
  let abandon: NodeJS.Timeout | undefined;
  const abandoned = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const timer = setTimeout(() => {
    late = true;
    stop();
    abandon = setTimeout(() => giveUp(new Error("The step did not end when it was asked to.")), abandonMilliseconds);
  }, milliseconds);
  try {
    await Promise.race([work(), abandoned]);
  } catch (error) {
    if (!late || error instanceof LeaseLost) throw error;
    throw new StepFailure(failure("DEADLINE_EXCEEDED"), { cause: error });
  } finally {
    clearTimeout(timer);
    clearTimeout(abandon);
  }
}
