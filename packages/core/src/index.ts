export * from './contracts/artefacts.js';
export * from './contracts/class-names.js';
export * from './contracts/error.js';
export * from './contracts/image-part.js';
export * from './contracts/event.js';
export * from './contracts/graph.js';
export * from './contracts/images.js';
export * from './contracts/kinds.js';
export * from './contracts/launcher.js';
export * from './contracts/manifest.js';
export * from './contracts/network.js';
export * from './contracts/plugin.js';
export * from './contracts/profile.js';
export * from './contracts/random.js';
export * from './contracts/reporter.js';
export * from './contracts/stage.js';
export * from './contracts/token.js';
export * from './contracts/work.js';
export {
  cacheLocation,
  isAddress,
  locationFrom,
  locationSeenFrom,
  userCacheFolder,
} from './cache/location.js';
export { decode, encode, type Encoded } from './cache/codec.js';
export type {
  Cache,
  CacheEntry,
  Checkpoints,
  Collected,
  CollectRequest,
  Damage,
  Lease,
  Leases,
  Maintenance,
  NotedRun,
  Results,
  Verdict,
} from './cache/cache.js';
export { cacheIn, openCache } from './cache/open.js';
export { leaseKeeper, type LeaseKeeper } from './cache/lease-keeper.js';
export { leaseMilliseconds, leaseWatch, type LeaseWatch } from './cache/lease-watch.js';
export { forEachOf, type Part, type Store, type StoredFile } from './cache/store.js';
export { uniqueName } from './cache/writer.js';
export { writeWhole } from './cache/write-whole.js';
export { digestOf } from './cache/canonical.js';
export { parseTypedYaml } from './config/typed-yaml.js';
export { UserErrorList } from './errors/error-list.js';
export { fileKind, headBytes, type FileKind, type FileKindId } from './errors/file-kind.js';
export { exitCode, exitCodes } from './errors/exit-codes.js';
export { formatError, wrap, type ErrorFormat } from './errors/format-error.js';
export { cutMiddle, safeError } from './errors/thrown.js';
export { terminalJson, terminalText, visible, visibleLine } from './errors/terminal-text.js';
export { NotReadable, readOrdinary } from './files/read-ordinary.js';
export { aboutOption, unreadableFile, type Unreadable } from './errors/unreadable-file.js';
export { headOf, wrongFile, type WrongFile } from './errors/wrong-file.js';
export { guarded, watchStrayErrors } from './errors/stray.js';
export { suggestion } from './errors/suggest.js';
export { fileDigest, filesDigest } from './files/content-digest.js';
export { loadExperiment, type Experiment, type ExperimentRequest } from './plan/experiment.js';
export { planExperiment, type PlanRequest } from './plan/build.js';
export { planToYaml } from './plan/yaml.js';
export type { NodeOutput, Plan, PlanJob, PlanNode, PlanReporter } from './plan/plan.js';
export { packageCodeDigest } from './plugins/code-digest.js';
export { pluginFaults, stageFaults } from './plugins/contract.js';
export { describeOptions, type OptionDescription } from './plugins/describe-options.js';
export { installedPlugins, loadPlugin, type LoadedPlugin } from './plugins/load.js';
export type { IsolatedProgram, Isolation } from './isolation/isolation.js';
export { refuseDebugger } from './isolation/debugger.js';
export { serveIsolated } from './isolation/serve.js';
export { locatePackage, packageOf } from './plugins/locate.js';
export { permutation, shuffleInPlace } from './random/shuffle.js';
export { randomStream } from './random/stream.js';
export { missingNeeds, planNeeds, type MissingNeed, type NodeNeed } from './run/needs.js';
export { checkOutputs } from './run/artefact-check.js';
export type { Observer } from './run/events.js';
export { endWithParent } from './run/end-with-parent.js';
export { childProcesses, type ChildProcessOptions } from './run/launchers/child-process.js';
export { inProcess } from './run/launchers/in-process.js';
export { chooseLauncher, isLauncherFile, type ChosenLauncher } from './run/launchers/choose.js';
export { findFirst } from './run/launchers/find-first.js';
export {
  openWorker,
  type NodeWorkerRequest,
  type OpenedWorker,
} from './run/launchers/node-worker.js';
export { whenIdle } from './run/launchers/idle.js';
export type { OpenLauncher, RunMaterials } from './run/launchers/open.js';
export { failedNode } from './run/failed-node.js';
export { errorData, errorFrom } from './errors/error-data.js';
export { folderLeases } from './cache/folder-leases.js';
export { serveNodes, type OpenWork } from './run/launchers/serve.js';
export { threadsHere } from './run/launchers/threads.js';
export { openPlanFile, type PlanFileRequest } from './run/plan-file.js';
export type { Work, WorkNode } from './run/work.js';
export { askToEnd, type CancelHow } from './run/cancel.js';
export { holderOf, runWatch, type Holder, type RunLife } from './run/hold.js';
export { namedByRuns, type NamedByRuns } from './run/named.js';
export { changedPlugins } from './run/plan-file.js';
export {
  readManifest,
  readRun,
  runEvents,
  type EndedStage,
  type RunState,
  type StartedStage,
} from './run/state.js';
export { explainStage, type Difference, type Explanation } from './run/why.js';
export { markInterrupted } from './run/mark-interrupted.js';
export { runExperiment, type RunRequest, type RunSummary } from './run/run.js';
export { planStatus, type NodeStatus } from './run/status.js';
