/** What a script can rely on after an `onvera` command; `onvera --help` lists the same table. */

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  timeout: 6,
  interrupted: 130,
} as const;

export const exitCodeMeanings: readonly (readonly [number, string])[] = [
  [exitCodes.ok, "it worked (or you declined the question)"],
  [exitCodes.failed, "the operation failed or was canceled, or another error"],
  [exitCodes.usage, "the command line or an input was not valid"],
  [exitCodes.notFound, "what was named does not exist"],
  [exitCodes.notAllowed, "not signed in, or not allowed"],
  [exitCodes.conflict, "another operation or the present state forbids it"],
  [exitCodes.timeout, "--timeout passed; the work goes on"],
  [exitCodes.interrupted, "Ctrl+C: the command stopped, the work goes on"],
];
