import type {
  Artefact,
  ArtefactOf,
  ArtefactType,
  JobResult,
  RunReport,
  Scalars,
  Series,
} from '@privatesnn/core';

/** One output of one stage in one job. */
export interface Output<A extends Artefact = Artefact> {
  readonly job: string;
  readonly stage: string;
  readonly kind: string;
  readonly use: string;
  readonly output: string;
  /** "stage.output" */
  readonly path: string;
  readonly digest: string;
  load(): Promise<A>;
}

/** The outputs of the given types in one job, in the order of its stages. */
export function outputsOf<T extends ArtefactType>(
  job: JobResult,
  types: readonly T[],
): Output<ArtefactOf<T>>[] {
  return Object.entries(job.stages).flatMap(([stage, { kind, use, outputs }]) =>
    Object.entries(outputs)
      .filter(([, { type }]) => (types as readonly ArtefactType[]).includes(type))
      .map(([output, { digest, load }]) => ({
        job: job.name,
        stage,
        kind,
        use,
        output,
        path: `${stage}.${output}`,
        digest,
        load: () => load() as Promise<ArtefactOf<T>>,
      })),
  );
}

/** An output with its content. */
export type Loaded<A extends Artefact> = Output<A> & { readonly content: A };

/** All scalars of all jobs; `[job][output]`. */
export function readScalars(run: RunReport): Promise<Loaded<Scalars>[][]> {
  return readAll(run, 'scalars');
}

/** All series of all jobs; `[job][output]`. */
export function readSeries(run: RunReport): Promise<Loaded<Series>[][]> {
  return readAll(run, 'series');
}

/** Loads each digest once, however many jobs share it. */
async function readAll<T extends 'scalars' | 'series'>(
  run: RunReport,
  type: T,
): Promise<Loaded<ArtefactOf<T>>[][]> {
  const contents = new Map<string, Promise<ArtefactOf<T>>>();
  return Promise.all(
    run.jobs.map((job) =>
      Promise.all(
        outputsOf(job, [type]).map(async (output) => {
          const content = contents.get(output.digest) ?? output.load();
          contents.set(output.digest, content);
          return { ...output, content: await content };
        }),
      ),
    ),
  );
}
