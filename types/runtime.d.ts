/*
 * The few globals that the libraries use and that every runtime they support has (Node, Deno, Bun, browsers), declared
 * here because libraries are compiled with `types: []` and without DOM. Written so that it merges with @types/node and DOM.
 */
interface Console {
  warn(...data: unknown[]): void;
}

declare var console: Console;

interface Performance {
  /** Milliseconds since some moment, with fractions. */
  now(): number;
}

declare var performance: Performance;
