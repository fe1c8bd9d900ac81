/** Where the OpenID provider is, written by servers for the workers that tell it to apps. */
import { z } from "zod";
import type { SignInAddress } from "../domain/sign-in.ts";
import type { Scoped } from "./database.ts";

const ROW = "sign_in_address";
const Stored = z.object({ issuer: z.string(), internal: z.string() });

/** Writes the address down. Needs a platform transaction. */
export async function writeSignInAddress(db: Scoped, address: SignInAddress): Promise<void> {
  const value = JSON.stringify(address);
  await db
    .insertInto("installation")
    .values({ key: ROW, value })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value, updated_at: new Date() }))
    .execute();
}

/** The address; undefined where no server ever listened. Needs a platform transaction. */
export async function readSignInAddress(db: Scoped): Promise<SignInAddress | undefined> {
  const row = await db.selectFrom("installation").select("value").where("key", "=", ROW).executeTakeFirst();
  return Stored.safeParse(row?.value).data;
}
