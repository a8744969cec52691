export * from './arbitraries/artefacts.js';
export * from './arbitraries/graphs.js';
export * from './arbitraries/networks.js';
export * from './arbitraries/numbers.js';
export * from './arbitraries/spiking.js';
export { runCacheContract, type CacheHarness } from './contract/cache-contract.js';
export {
  runLauncherContract,
  type LauncherContractOptions,
  type LauncherHarness,
} from './contract/launcher-contract.js';
export { runStageContract, type StageFixtures } from './contract/stage-contract.js';
export { expectSameAfterInterruption } from './interruption.js';
export { naiveLayer, type LayerInput } from './naive-layer.js';
export { digestOf } from './digest.js';
export { fakeContext, type FakeContext, type FakeContextOptions } from './fake-context.js';
export { testStream } from './random.js';
export { tinyAnn, tinySnn } from './tiny-network.js';
export { waveAnn, waveImages, waves } from './wave-network.js';
