/** What a worker and its provider process say to each other over the pipe between them. */
import { z } from "zod";
import { StackAccess } from "../../domain/stack-access.ts";

const Run = z.object({
  operationId: z.string(),
  generation: z.number().int(),
  stackName: z.string(),
  workDir: z.string(),
  access: StackAccess.optional(),
});

/** From the worker. Numbers tell the runs of one process apart. */
export const ProviderRequest = z.discriminatedUnion("kind", [
  /** What the process is put together from is its own matter; secrets come this way, never by argument or environment. */
  z.object({ kind: z.literal("start"), config: z.unknown() }),
  /** How a stack's cluster is reached, before anything asks about it. */
  z.object({ kind: z.literal("attach"), stackName: z.string(), access: StackAccess }),
  z.object({ kind: z.literal("register"), number: z.number().int(), run: Run }),
  z.object({ kind: z.literal("end"), number: z.number().int() }),
  z.object({ kind: z.literal("stop") }),
]);
export type ProviderRequest = z.infer<typeof ProviderRequest>;

/** From the provider process. */
export const ProviderMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready"), debugProviders: z.string(), startTime: z.string() }),
  z.object({ kind: z.literal("registered"), number: z.number().int(), error: z.string().optional() }),
  z.object({ kind: z.literal("ended"), number: z.number().int() }),
  z.object({ kind: z.literal("refused"), uid: z.number().int() }),
]);
export type ProviderMessage = z.infer<typeof ProviderMessage>;
