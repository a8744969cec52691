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
/** A stage that ends sooner gets one line, when it ends. */
const patience = 5000;
/** Lines are no wider, so that their ends stay near their beginnings. */
const widest = 80;

/**
 * Every stage that is computed leaves one line with its time, and beneath it what it told. While it runs, a
 * terminal shows it on a live line with bar, note and remaining time; elsewhere a line is written once it has
 * taken five seconds, and then at most every ten.
 */
export function createProgress(request: ProgressRequest): Progress {
  const { write, terminal, quiet, jobs, now = () => performance.now() } = request;
  const paint = paintFor(terminal);
  const width = Math.min(terminal.columns, widest);
  let started = 0;
  let lastShown = 0;
  let cached = 0;
  let live = '';
  let told: string[] = [];
  let announcement: NodeJS.Timeout | undefined;

  const clear = () => {
    clearTimeout(announcement);
    announcement = undefined;
    if (live !== '') write('\r\u001b[2K');
    live = '';
  };
  const line = (text: string) => {
    if (live !== '') write('\r\u001b[2K');
    live = '';
    write(`${text}\n`);
  };
  const flushCached = () => {
    if (cached === 0) return;
    const text = `${cached} ${cached === 1 ? 'stage' : 'stages'} from the cache`;
    line(paint.dim(`${mark('•')}${text}`));
    cached = 0;
  };
  const flushTold = (ref: StageRef) => {
    const indent = ' '.repeat(mark('✓').length + place(ref).length + 1);
    for (const message of told) line(paint.dim(wrap(message, width, indent)));
    told = [];
  };
  const mark = (symbol: string) => (terminal.live ? `${symbol} ` : '');
  const place = ({ index, count }: StageRef) =>
    `[${String(index).padStart(String(count).length)}/${count}]`;
  const label = (ref: StageRef) => {
    const job = ref.jobs.length < jobs && ref.jobs[0] !== undefined ? `${ref.jobs[0]} · ` : '';
    const use = ref.use === ref.stage ? '' : ` (${ref.use})`;
    return `${place(ref)} ${job}${ref.stage}${use}`;
  };

  function announce(ref: StageRef): void {
    clear();
    line(cut(`${label(ref)} …`, width));
  }

  function stageProgress(event: RunEvent & { type: 'stage-progress' }): void {
    const time = now();
    const interval = terminal.live ? liveInterval : announcement ? patience : lineInterval;
    if (time - lastShown < interval) return;
    lastShown = time;
    clear();
    const share = event.total > 0 ? event.done / event.total : 0;
    const elapsed = (time - started) / 1000;
    const left =
      event.done >= event.total ? undefined : remaining(elapsed, event.done, event.total);
    const eta = left === undefined ? '' : `  ${duration(left)} left`;
    const note = event.note ? `  ${event.note}` : '';
    const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
    if (terminal.live) {
      const columns = terminal.columns - 1;
      const head = cut(label(event), Math.max(20, columns - 18));
      live = cut(`${head} ${bar(share, 10)} ${percent}${eta}${note}`, columns);
      write(`\r\u001b[2K${paint.cyan(live.slice(0, head.length))}${live.slice(head.length)}`);
    } else {
      line(cut(`${label(event)} ${percent}${eta}${note}`, width));
    }
  }

  function stageStarted(event: RunEvent & { type: 'stage-started' }): void {
    started = lastShown = now();
    if (quiet) return;
    flushCached();
    if (!terminal.live) {
      announcement = setTimeout(announce, patience, event).unref();
      return;
    }
    live = cut(label(event), terminal.columns - 1);
    write(`\r\u001b[2K${paint.cyan(live)}`);
    lastShown -= liveInterval;
  }

  function stageFinished(event: RunEvent & { type: 'stage-finished' }): void {
    clear();
    if (quiet) return;
    if (event.cached) {
      cached++;
      return;
    }
    const time = duration(event.seconds);
    const room = width - mark('✓').length - time.length - 2;
    const text = cut(label(event), room).padEnd(room);
    line(`${paint.green(mark('✓'))}${text}  ${paint.dim(time)}`);
    flushTold(event);
  }

  function onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'stage-started':
        return stageStarted(event);
      case 'stage-progress':
        if (!quiet) stageProgress(event);
        return;
      case 'stage-finished':
        return stageFinished(event);
      case 'stage-failed':
        clear();
        flushTold(event);
        return;
      case 'warning':
        line(paint.yellow(wrap(`! ${event.stage}: ${event.message}`, width)));
        return;
      case 'info':
        if (!quiet) told.push(event.message);
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
      clear();
      if (!quiet) flushCached();
    },
  };
}
