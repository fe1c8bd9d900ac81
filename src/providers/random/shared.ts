/** What all random resources have in common. */
import { z } from "zod";
import type { KnownState, LiveResource } from "../host/resource-handler.ts";

/** Any change here draws anew. */
export const keepers = z.record(z.string(), z.string()).optional();

/** Random values live in the state alone, so a refresh finds what the state says. */
export const keptFromState = (known: KnownState): LiveResource => ({ inputs: {}, outputs: known.outputs });
