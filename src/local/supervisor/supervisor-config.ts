/** What the supervisor's own process is told, in a file: the control plane writes it before it starts the process. */
import { z } from "zod";

export const SupervisorConfig = z.object({
  /** Build of the control plane that started it. */
  version: z.string(),
  gateway: z
    .object({
      address: z.string(),
      httpPort: z.number().int(),
      httpsPort: z.number().int(),
      domain: z.string(),
      certificate: z.object({ certificateFile: z.string(), keyFile: z.string() }).optional(),
    })
    .nullable(),
  /** Where the package store keeps its environments. */
  cache: z.string(),
  /** Hosts with private addresses that git sources may come from. */
  privateSourceHosts: z.array(z.string()).default([]),
  /** Test installations only: git sources may come from this machine itself. */
  allowLocalSources: z.boolean().optional(),
});
export type SupervisorConfig = z.infer<typeof SupervisorConfig>;
