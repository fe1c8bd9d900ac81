/** Which passwords are refused: too short, or one that everybody tries first. Decided offline, from the words below. */

const MINIMUM_CHARACTERS = 12;
/** The only ceiling is one that keeps hashing cheap. */
const MAXIMUM_CHARACTERS = 200;
/** Characters that must be left once every common word, run and repetition is taken out. */
const MINIMUM_REST = 5;

/** What passwords are commonly made of. At twelve characters and more, the usual lists hold little but these, joined and decorated. */
const commonWords = [
  ..."password passwort passw0rd motdepasse contrasena senha parola secret geheim welcome willkommen".split(" "),
  ..."letmein changeme default master access login admin administrator root user guest test demo sample temp".split(
    " ",
  ),
  ..."qwertyuiop qwertzuiop azertyuiop asdfghjkl zxcvbnm qwerty qwertz azerty asdfgh zxcvbn 1qaz2wsx qazwsx".split(" "),
  ..."iloveyou princess sunshine football baseball basketball superman batman dragon monkey shadow michael".split(" "),
  ..."jennifer jordan hunter ranger buster thomas tigger robert soccer hockey killer george charlie andrew".split(" "),
  ..."michelle jessica pepper daniel computer internet whatever trustno starwars pokemon summer winter spring".split(
    " ",
  ),
  ..."autumn monday friday january february march april august september october november december company".split(" "),
  ..."onvera superset airflow apache pulumi correct horse battery staple".split(" "),
];

const runs = ["abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "01234567890", "09876543210"];

/**
 * Why a password is refused; undefined when it will do.
 * @param about words of the person themselves: their name and address
 */
export function passwordFault(password: string, about: readonly string[] = []): string | undefined {
  const length = [...password].length;
  if (length < MINIMUM_CHARACTERS) return `A password has at least ${MINIMUM_CHARACTERS} characters.`;
  if (length > MAXIMUM_CHARACTERS) return `A password has at most ${MAXIMUM_CHARACTERS} characters.`;
  const own = about.flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length >= 4);
  // Once as typed and once with figures read as letters: neither spelling of a common word is safer.
  const typed = password.toLowerCase().replace(/(19|20)\d\d/g, " ");
  const spellings = [typed, withoutDisguise(typed)];
  if (spellings.some((spelling) => restOf(spelling, own).length < MINIMUM_REST)) {
    return "This password is among the first that are tried. Choose another, for example four unrelated words.";
  }
  return undefined;
}

const disguises: Record<string, string> = { "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b" };

const withoutDisguise = (text: string): string =>
  text
    .replaceAll("@", "a")
    .replaceAll("$", "s")
    .replaceAll("!", "i")
    .replace(/[0134578]/g, (digit) => disguises[digit] ?? digit);

/** What is left without common words, runs of neighbours, repetitions and decoration. */
function restOf(text: string, own: readonly string[]): string {
  const words = [...commonWords, ...own].sort((a, b) => b.length - a.length);
  let rest = text;
  for (const word of words) rest = rest.replaceAll(word, " ");
  for (const run of runs) {
    for (let length = run.length; length >= 3; length--) {
      for (let at = 0; at + length <= run.length; at++) rest = rest.replaceAll(run.slice(at, at + length), " ");
    }
  }
  // A part that comes back is worth no more than once, and a single character none.
  rest = rest.replace(/(.)\1{2,}/gu, " ").replace(/(.{2,}?)\1+/gu, "$1");
  return rest.replace(/[^\p{L}\p{N}]/gu, "");
}
