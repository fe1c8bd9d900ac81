// Stands in for what scripts/runner-bundle.mjs leaves out. Any use of it says so instead of failing obscurely.
module.exports = new Proxy(function left() {}, {
  get: (_target, name) => {
    if (name === "__esModule" || name === "default" || typeof name === "symbol") return undefined;
    throw new Error(`The runner was bundled without function serialization ('${String(name)}' was asked for).`);
  },
});
