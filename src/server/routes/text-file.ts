/** A long text as an answer: made while it is read, and saved as a file by a browser. */
import type { Context } from "hono";
import type { ServerDeps } from "../deps.ts";

export interface TextFile {
  name: string;
  contentType: string;
  pieces: AsyncGenerator<string>;
}

/**
 * Asks for the next piece when the reader has taken the one before. A fault before the first is thrown, so that the answer can
 * still say why; a later one ends the answer short, so that it is seen.
 */
export async function textFile(
  { log }: Pick<ServerDeps, "log">,
  c: Context,
  { name, contentType, pieces }: TextFile,
): Promise<Response> {
  const encoder = new TextEncoder();
  let waiting: IteratorResult<string> | undefined = await pieces.next();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = waiting ?? (await pieces.next());
        waiting = undefined;
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (err) {
        log.error({ err }, "An answer broke off in the middle");
        controller.error(err);
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return c.body(body, 200, { "Content-Type": contentType, "Content-Disposition": `attachment; filename="${name}"` });
}
