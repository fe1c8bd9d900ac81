/** A deployment's log as it is written, read over the API as any client would. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Subject } from "./subject.ts";

/**
 * Follows the log of one process, beginning with what comes from now on.
 * @param provoke asked again and again until a line has come: what makes the app write one
 * @returns the first line @throws Error when none comes in `seconds`
 */
export async function nextLine(
  { id, request }: Subject,
  process: string,
  provoke: () => Promise<unknown>,
  seconds = 60,
): Promise<{ process: string; replica: number; text: string }> {
  const signal = AbortSignal.timeout(seconds * 1000);
  const path = `/deployments/${id}/logs?follow=true&tail=0&process=${process}`;
  const answer = await request("GET", path, { headers: { Accept: "text/event-stream" }, signal });
  if (answer.body === null)
    throw new Error(`Following the log of ${process} was answered ${answer.status} and nothing else.`);
  const events = answer.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  const provoking = setInterval(() => void provoke().catch(() => undefined), 500);
  try {
    for (let read = await events.read(); !read.done; read = await events.read()) {
      const line = JSON.parse(read.value.data);
      if (line.process === process) return line;
    }
    throw new Error(`The log of ${process} ended before a line came.`);
  } finally {
    clearInterval(provoking);
    await events.cancel().catch(() => undefined);
  }
}
