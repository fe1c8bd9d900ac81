/** What stands in a backup: a beginning that says what it is, folders, files and links, and an end that lists all of them. */
import { z } from "zod";
import type { ByteReader } from "./byte-reader.ts";
import { damaged } from "./errors.ts";

/** What a backup is of. */
export const About = z.object({
  format: z.literal(1),
  onvera_version: z.string(),
  created_at: z.string(),
  /** Where the installation was. */
  home: z.string(),
  /** Whether deployments had user ids of their own. */
  is_root: z.boolean(),
  /** The embedded server's major version; null where the database is a server of the owner's own, and not in here. */
  postgres_major: z.number().int().nullable(),
  /** Pulumi's state keys begin with it. */
  database_name: z.string(),
});
export type About = z.infer<typeof About>;

const Placed = { path: z.string(), uid: z.number().int(), gid: z.number().int() };
const Listed = z.object({ path: z.string(), size: z.number().int(), sha256: z.string() });
export type Listed = z.infer<typeof Listed>;

export const EntryHead = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("begin"), about: About }),
  z.object({ kind: z.literal("folder"), ...Placed, mode: z.number().int() }),
  z.object({ kind: z.literal("file"), ...Placed, mode: z.number().int() }),
  z.object({ kind: z.literal("link"), ...Placed, target: z.string() }),
  z.object({ kind: z.literal("end"), files: z.array(Listed) }),
]);
export type EntryHead = z.infer<typeof EntryHead>;

/** A long list of files still fits; a length beyond it is no length of ours. */
const LONGEST_HEAD_BYTES = 512 * 1024 * 1024;

/** An entry's head as bytes; a file's content follows as pieces, then an empty one. */
export const encodeHead = (head: EntryHead): Buffer => encodePiece(Buffer.from(JSON.stringify(head)));

/** A piece of content, with its length before it. */
export function encodePiece(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** @throws SetupError `backup-unreadable` when the stream ends before the backup does, or holds something else */
export async function readHead(reader: ByteReader): Promise<EntryHead> {
  const bytes = await readPiece(reader);
  try {
    return EntryHead.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw damaged("it holds an entry that this version does not know", cause);
  }
}

/** The next piece of a file's content; empty at its end. */
export async function readPiece(reader: ByteReader): Promise<Buffer> {
  const length = (await reader.take(4))?.readUInt32BE();
  const bytes = length === undefined || length > LONGEST_HEAD_BYTES ? undefined : await reader.take(length);
  if (bytes === undefined) throw damaged("it ends in the middle of an entry");
  return bytes;
}
