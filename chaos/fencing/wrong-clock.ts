/** Loaded before a worker: its wall clock jumps when it is told to, `{ clockMilliseconds }`, and it answers with what it shows then. */
const real = Date;
let shift = 0;

globalThis.Date = new Proxy(real, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [target.now() + shift] : given, newTarget),
  apply: (target) => new target(target.now() + shift).toString(),
  get: (target, name) => (name === "now" ? () => target.now() + shift : Reflect.get(target, name)),
});

process.on("message", (message: { clockMilliseconds?: number }) => {
  if (message.clockMilliseconds === undefined) return;
  shift = message.clockMilliseconds;
  process.send?.({ kind: "clock", shows: Date.now() });
});
