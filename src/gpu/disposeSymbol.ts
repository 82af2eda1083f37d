/**
 * Where there is no `using` yet (Safari), there is no `Symbol.dispose` either: what compiles `using` for such browsers takes this symbol for it
 * (esbuild), or fails for want of one (TypeScript). The entries import this before any class that has the method.
 */
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for('Symbol.dispose');
