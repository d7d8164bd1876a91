/* Shows how far a run is: a spinner on a terminal, a line now and then elsewhere. */
import ora from 'ora';

export interface Progress {
  start(what: string, total: number): void;
  step(text: string): void;
  /** A line that stays. */
  note(text: string): void;
  done(): void;
}

const clock = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;

/** Progress on standard error, so that standard output is the tables. */
export function consoleProgress(): Progress {
  const spinner = ora({ stream: process.stderr, discardStdin: false });
  const terminal = process.stderr.isTTY && !process.env['CI'];
  let title = '';
  let total = 0;
  let at = 0;
  let started = 0;
  const line = (text: string): string => {
    const passed = (performance.now() - started) / 1000;
    const left = at > 4 ? `, about ${clock((passed / at) * (total - at))} left` : '';
    return `${title} ${at + 1} of ${total}${left} · ${text}`;
  };
  return {
    start(what, count) {
      [title, total, at, started] = [what, count, -1, performance.now()];
      if (terminal) spinner.start(`${what} …`);
      else console.error(`${what}: ${count} processes`);
    },
    step(text) {
      at++;
      if (terminal) spinner.text = line(text);
      else if (at % Math.max(1, Math.ceil(total / 20)) === 0) console.error(line(text));
    },
    note(text) {
      if (terminal) spinner.clear();
      console.error(`  ${text}`);
      if (terminal) spinner.render();
    },
    done() {
      const text = `${title}: ${total} processes, ${clock((performance.now() - started) / 1000)}`;
      if (terminal) spinner.succeed(text);
      else console.error(text);
    },
  };
}
