/** One line of work of a worker: it claims while it has a free slot, and looks again when it is woken. */
import type { Claim } from "./claim.ts";
import { createSlots, type Slots } from "./slots.ts";

export interface LaneOptions {
  /** Operations at once. */
  slots: number;
  accepting(): boolean;
  /** Takes the next operation from the queue; undefined when nothing is due. Never rejects. */
  claim(): Promise<Claim | undefined>;
  start(claim: Claim, slots: Slots): void;
}

export interface Lane {
  /** There may be something to claim. */
  wake(): void;
  /** Resolves when no claim is under way. */
  settled(): Promise<void>;
}

/** Makes a lane. */
export function createLane({ slots: count, accepting, claim, start }: LaneOptions): Lane {
  let claiming: Promise<void> | undefined;
  let again = false;
  const slots = createSlots(count, () => wake());

  const claimAll = async () => {
    while (accepting() && slots.tryTake()) {
      const claimed = await claim();
      if (claimed === undefined) {
        slots.giveBack();
        return;
      }
      start(claimed, slots);
    }
  };
  const wake = () => {
    if (!accepting()) return;
    if (claiming !== undefined) {
      again = true;
      return;
    }
    claiming = claimAll().finally(() => {
      claiming = undefined;
      if (!again) return;
      again = false;
      wake();
    });
  };
  return { wake, settled: async () => claiming };
}
