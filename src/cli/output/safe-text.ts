/** Text that came from elsewhere may hold terminal control sequences; it is made harmless before it is shown. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\u000a|\u0009/g;

/** One line without control characters: line breaks and tabs become spaces, the others are dropped. */
export const safeText = (text: string): string =>
  text.replace(CONTROL, (character) => (character === "\n" || character === "\t" ? " " : ""));
