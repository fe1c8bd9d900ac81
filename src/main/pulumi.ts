import type { Verb } from "./verb.ts";

export const runPulumi: Verb = async (_options, io) => {
  io.err("not yet\n");
  return 1;
};
