import {
  cutMiddle,
  terminalText,
  visible,
  visibleLine,
  wrap,
  type RunNews,
  type StageRef,
} from '@privatesnn/core';

import { paintFor, type Terminal } from '../terminal.js';
import { bar, cut, duration, remaining } from './format.js';

/** Shows a run while it works. */
export interface Progress {
  readonly onEvent: (event: RunNews) => void;
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

/** A stage that works now. */
interface Working {
  readonly started: number;
  /** When a line was last written of it. */
  shown: number;
  readonly told: string[];
  announcement: NodeJS.Timeout | undefined;
}

const liveInterval = 100;
const lineInterval = 10_000;
/** Takes the live line away. */
const erase = '\r\u001b[2K';
/** Characters of a message. */
const longestMessage = 4000;
/** A stage that ends sooner gets one line, when it ends. */
const patience = 5000;
/** Lines are no wider, so that their ends stay near their beginnings. */
const widest = 80;

/**
 * Every stage that is computed leaves one line with its time, and beneath it what it told. While it runs, a
 * terminal shows it on a live line with bar, note and remaining time; elsewhere a line is written once it has
 * taken five seconds, and then at most every ten. Of several that run at a time the live line shows the one that told
 * something last.
 */
export function createProgress(request: ProgressRequest): Progress {
  const { write, terminal, quiet, jobs, now = () => performance.now() } = request;
  const paint = paintFor(terminal);
  const width = Math.min(terminal.columns, widest);
  const working = new Map<string, Working>();
  const warned = new Set<string>();
  let lastLive = -Infinity;
  let cached = 0;
  let live = '';

  const clear = () => {
    if (live !== '') write(erase);
    live = '';
  };
  const line = (text: string) => {
    clear();
    write(terminalText(`${text}\n`, terminal.colour));
  };
  const draw = (head: string, rest: string) => {
    live = cut(`${head}${rest}`, terminal.columns - 1);
    const coloured = Math.min(head.length, live.length);
    write(`${erase}${paint.cyan(live.slice(0, coloured))}${live.slice(coloured)}`);
  };
  const flushCached = () => {
    if (cached === 0) return;
    const text = `${cached} ${cached === 1 ? 'stage' : 'stages'} from the cache`;
    line(paint.dim(`${mark('•')}${text}`));
    cached = 0;
  };
  const ended = (ref: StageRef): readonly string[] => {
    const stage = working.get(ref.node);
    clearTimeout(stage?.announcement);
    working.delete(ref.node);
    return stage?.told ?? [];
  };
  const showTold = (ref: StageRef, told: readonly string[]) => {
    const indent = ' '.repeat(mark('✓').length + place(ref).length + 1);
    for (const message of told) line(paint.dim(wrap(message, width, indent)));
  };
  const mark = (symbol: string) => (terminal.live ? `${symbol} ` : '');
  const place = ({ index, count }: StageRef) =>
    `[${String(index).padStart(String(count).length)}/${count}]`;
  const where = ({ stage, jobs: [job], jobs: { length } }: StageRef) =>
    length < jobs && job !== undefined ? `${job} · ${stage}` : stage;
  const label = (ref: StageRef) => {
    const use = ref.use === ref.stage ? '' : ` (${ref.use})`;
    return `${place(ref)} ${where(ref)}${use}`;
  };
  const others = () => (working.size > 1 ? ` (+${working.size - 1})` : '');

  function stageProgress(event: RunNews & { type: 'stage-progress' }): void {
    const stage = working.get(event.node);
    if (!stage) return;
    const time = now();
    const interval = terminal.live ? liveInterval : stage.announcement ? patience : lineInterval;
    if (time - (terminal.live ? lastLive : stage.shown) < interval) return;
    stage.shown = lastLive = time;
    clearTimeout(stage.announcement);
    stage.announcement = undefined;
    clear();
    const share = event.total > 0 ? event.done / event.total : 0;
    const elapsed = (time - stage.started) / 1000;
    const left =
      event.done >= event.total ? undefined : remaining(elapsed, event.done, event.total);
    const eta = left === undefined ? '' : `  ${duration(left)} left`;
    const note = event.note ? `  ${event.note}` : '';
    const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
    if (terminal.live) {
      const head = cut(`${label(event)}${others()}`, Math.max(20, terminal.columns - 19));
      draw(head, ` ${bar(share, 10)} ${percent}${eta}${note}`);
    } else {
      line(cut(`${label(event)} ${percent}${eta}${note}`, width));
    }
  }

  function stageStarted(event: RunNews & { type: 'stage-started' }): void {
    const time = now();
    const stage: Working = { started: time, shown: time, told: [], announcement: undefined };
    working.set(event.node, stage);
    if (quiet) return;
    flushCached();
    if (terminal.live) return draw(`${label(event)}${others()}`, '');
    stage.announcement = setTimeout(() => {
      stage.announcement = undefined;
      line(cut(`${label(event)} …`, width));
    }, patience).unref();
  }

  function stageFinished(event: RunNews & { type: 'stage-finished' }): void {
    const told = ended(event);
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
    showTold(event, told);
  }

  function stageFailed(event: RunNews & { type: 'stage-failed' }): void {
    showTold(event, ended(event));
    clear();
    // Where nothing goes on, the error itself comes next.
    if (jobs > 1)
      line(
        paint.red(wrap(`${mark('✗')}${label(event)} (${event.status}): ${event.message}`, width)),
      );
    if (quiet) for (const text of event.lastLines) line(paint.dim(cut(`  | ${text}`, width)));
  }

  /** Jobs of a grid often meet the same: it is told once, with the first job that met it. */
  function warn(event: RunNews & { type: 'warning' }): void {
    const same = `${event.stage}: ${event.message}`;
    if (warned.has(same)) return;
    warned.add(same);
    line(paint.yellow(wrap(`! ${where(event)}: ${event.message}`, width)));
  }

  function onEvent(news: RunNews): void {
    const event = visibleNews(news);
    switch (event.type) {
      case 'stage-started':
        return stageStarted(event);
      case 'stage-progress':
        if (!quiet) stageProgress(event);
        return;
      case 'stage-finished':
        return stageFinished(event);
      case 'stage-failed':
        return stageFailed(event);
      case 'stage-retried':
        showTold(event, ended(event));
        line(paint.yellow(wrap(`! ${label(event)} is tried again: ${event.message}`, width)));
        return;
      case 'warning':
        return warn(event);
      case 'info':
        if (!quiet) working.get(event.node)?.told.push(event.message);
        return;
      case 'output':
        if (!quiet) line(paint.dim(cut(`${where(event)} | ${event.text}`, terminal.columns - 1)));
        return;
      case 'notice':
        line(paint.yellow(wrap(`! ${event.message}`, width)));
        return;
      case 'run-finished':
        clear();
        return;
      case 'run-started':
      case 'record':
      case 'profile':
      case 'job-finished':
      case 'job-failed':
        return;
    }
  }

  return {
    onEvent,
    stop() {
      clear();
      for (const stage of working.values()) clearTimeout(stage.announcement);
      if (!quiet) flushCached();
    },
  };
}

/** The event with all its texts, of plugins and files, as a terminal can show them: only a message has several lines. */
function visibleNews(event: RunNews): RunNews {
  const show = (key: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown) => show('', item));
    if (typeof value !== 'string') return value;
    const text = cutMiddle(value, longestMessage);
    return key === 'message' ? visible(text) : visibleLine(text);
  };
  const texts = Object.entries(event).map(([key, value]) => [key, show(key, value)]);
  return Object.fromEntries(texts) as unknown as RunNews;
}
