/** Whether a database lets somebody in. */
import pg from "pg";

/** @throws what the server says when it is anything but a refused login */
export async function canLogIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch (error) {
    // Class 28: invalid authorization.
    if (error instanceof pg.DatabaseError && error.code?.startsWith("28")) return false;
    throw error;
  } finally {
    await client.end();
  }
}

/** The address with its own login but the password of another one. */
export function withPasswordOf(url: string, other: string): string {
  const mixed = new URL(url);
  mixed.password = new URL(other).password;
  return mixed.href;
}
