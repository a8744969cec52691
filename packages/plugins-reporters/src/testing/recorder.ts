import type { AnyReporter, ReporterContext, RunReport } from '@privatesnn/core';

/** What a reporter wrote and printed. */
export interface Recorded {
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly printed: string;
  text(path: string): string;
}

/** Runs a reporter with options as a user would write them. */
export async function record(
  reporter: AnyReporter,
  options: unknown,
  run: RunReport,
  terminal: ReporterContext['terminal'] = { columns: 80, colour: false },
): Promise<Recorded> {
  const files = new Map<string, string | Uint8Array>();
  let printed = '';
  const context: ReporterContext = {
    terminal,
    print: (text) => {
      printed += text;
    },
    writeFile: async (path, content) => {
      files.set(path, content);
    },
  };
  await reporter.create(reporter.options.parse(options)).report(context, run);
  return { files, printed, text: (path) => String(files.get(path)) };
}
