import { wrap, type RunEvent, type StageRef } from '@privatesnn/core';

import { paintFor, type Terminal } from '../terminal.js';
import { bar, cut, duration, remaining } from './format.js';

/** Shows a run while it works. */
export interface Progress {
  readonly onEvent: (event: RunEvent) => void;
  /** Takes the live line away, e.g. before something else is printed. */
  stop(): void;
}

export interface ProgressRequest {
  readonly write: (text: string) => void;
  readonly terminal: Terminal;
  readonly quiet: boolean;
  /** How many jobs the run has; a stage that not all of them share is shown with its job. */
  readonly jobs: number;
  /** Milliseconds; performance.now unless a test says otherwise. */
  readonly now?: () => number;
}

const liveInterval = 100;
const lineInterval = 10_000;

/**
 * On a terminal one live line shows the stage that runs, with bar, note and remaining time. Elsewhere a line
 * is written when a stage starts and ends, and at most every ten seconds between.
 */
export function createProgress(request: ProgressRequest): Progress {
  const { write, terminal, quiet, jobs, now = () => performance.now() } = request;
  const paint = paintFor(terminal);
  let started = 0;
  let lastShown = 0;
  let cached = 0;
  let live = '';

  const clear = () => {
    if (live !== '') write('\r\u001b[2K');
    live = '';
  };
  const line = (text: string) => {
    clear();
    write(`${text}\n`);
  };
  const flushCached = () => {
    if (cached === 0) return;
    line(paint.dim(`${mark('•')} ${cached} ${cached === 1 ? 'stage' : 'stages'} from the cache`));
    cached = 0;
  };
  const mark = (symbol: string) => (terminal.live ? symbol : '-');
  const label = (ref: StageRef) => {
    const job = ref.jobs.length < jobs && ref.jobs[0] !== undefined ? `${ref.jobs[0]} · ` : '';
    return `[${ref.index}/${ref.count}] ${job}${ref.stage} (${ref.use})`;
  };

  function stageProgress(event: RunEvent & { type: 'stage-progress' }): void {
    const time = now();
    const finished = event.done >= event.total;
    if (time - lastShown < (terminal.live ? liveInterval : lineInterval)) return;
    lastShown = time;
    const share = event.total > 0 ? event.done / event.total : 0;
    const left = finished ? undefined : remaining((time - started) / 1000, event.done, event.total);
    const eta = left === undefined ? '' : `  ${duration(left)} left`;
    const note = event.note ? `  ${event.note}` : '';
    const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
    if (terminal.live) {
      const width = terminal.columns - 1;
      const head = cut(label(event), Math.max(20, width - 18));
      live = cut(`${head} ${bar(share, 10)} ${percent}${eta}${note}`, width);
      write(`\r\u001b[2K${paint.cyan(live.slice(0, head.length))}${live.slice(head.length)}`);
    } else {
      line(cut(`  ${label(event)} ${percent}${eta}${note}`, terminal.columns));
    }
  }

  function onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'stage-started':
        started = lastShown = now();
        if (quiet) return;
        flushCached();
        if (terminal.live) {
          live = cut(label(event), terminal.columns - 1);
          write(`\r\u001b[2K${paint.cyan(live)}`);
          lastShown -= liveInterval;
        } else {
          line(cut(`${mark('>')} ${label(event)}`, terminal.columns));
        }
        return;
      case 'stage-progress':
        if (!quiet) stageProgress(event);
        return;
      case 'stage-finished': {
        if (quiet) return;
        if (event.cached) {
          cached++;
          return;
        }
        const time = duration(event.seconds);
        const text = cut(label(event), terminal.columns - time.length - 4);
        line(`${paint.green(mark('✓'))} ${text}  ${paint.dim(time)}`);
        return;
      }
      case 'stage-failed':
        clear();
        return;
      case 'warning':
        line(paint.yellow(wrap(`! ${event.stage}: ${event.message}`, terminal.columns)));
        return;
      case 'info':
        if (!quiet)
          line(paint.dim(wrap(`${event.stage}: ${event.message}`, terminal.columns, '  ')));
        return;
      case 'run-finished':
        clear();
        return;
      case 'run-started':
      case 'record':
      case 'job-finished':
        return;
    }
  }

  return {
    onEvent,
    stop() {
      if (!quiet) flushCached();
      clear();
    },
  };
}
