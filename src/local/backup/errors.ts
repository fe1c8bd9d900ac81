/** Why a backup cannot be read, told so that its reader can go on. */
import { SetupError } from "../../domain/setup-error.ts";

/** @param why ends a sentence that begins with "because" */
export const damaged = (why: string, cause?: unknown): SetupError =>
  new SetupError("backup-unreadable", {
    what: "The backup is damaged",
    why: `${why}.`,
    nextStep: "Take another copy of it, or an earlier backup. Nothing was restored.",
    cause,
  });

export const wrongPassphrase = (): SetupError =>
  new SetupError("backup-unreadable", {
    what: "The backup does not open",
    why: "it was made with another passphrase (or its first bytes were changed).",
    nextStep: "Give the passphrase it was made with. Nothing was restored.",
  });
