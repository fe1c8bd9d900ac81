/** Text that came from elsewhere may hold terminal control sequences; it is made harmless before it is shown. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Colours and weights: harmless, and programs' logs are full of them. Everything else that starts with ESC is not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const ESCAPE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** One line without control characters: line breaks and tabs become spaces, escape sequences are dropped. */
export const safeText = (text: string): string => safeLine(text).replace(/[\n\t]+/g, " ");

/** The same, but tabs and line breaks stay. */
export const safeLine = (text: string): string => text.replace(ESCAPE, "").replace(CONTROL, "");
