/** Questions that many streams ask in the same moment, put to the database once. */

/**
 * Wraps a question so that everybody who asks the same in one turn of the event loop shares one answer. It is asked after
 * all of them have spoken, so nobody gets an answer older than their question.
 * @param keyOf what makes two questions the same
 * @param ask puts the question; called with the first one's arguments
 */
export function askedTogether<Deps extends object, Question, Answer>(
  keyOf: (question: Question) => string,
  ask: (deps: Deps, question: Question) => Promise<Answer>,
): (deps: Deps, question: Question) => Promise<Answer> {
  const gathered = new WeakMap<Deps, Map<string, Promise<Answer>>>();
  return (deps, question) => {
    const ofServer = gathered.get(deps) ?? new Map<string, Promise<Answer>>();
    gathered.set(deps, ofServer);
    const key = keyOf(question);
    const present = ofServer.get(key);
    if (present !== undefined) return present;
    const answer = new Promise<Answer>((resolve, reject) => {
      setImmediate(() => {
        ofServer.delete(key);
        ask(deps, question).then(resolve, reject);
      });
    });
    ofServer.set(key, answer);
    return answer;
  };
}
