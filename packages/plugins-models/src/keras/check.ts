import type { Ann, RandomStream } from '@privatesnn/core';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';
import type { io, Tensor } from '@tensorflow/tfjs-core';

import { readModelFile } from '../model-file.js';
import { checkAgainst, unchecked, type Checked } from '../steps/check.js';
import { shardFiles, type Manifest } from './shards.js';
import type { KerasProbe } from './read.js';

/**
 * Compares a converted network with its file: random images through TensorFlow.js and through the network. Nothing
 * evaluates files of Keras here.
 *
 * @throws UserError where they differ by more than rounding explains
 */
export async function checkAgainstTfjs(
  ann: Ann,
  probe: KerasProbe,
  runtime: TensorRuntime,
  random: RandomStream,
): Promise<Checked> {
  if (probe.container !== 'layers-model') {
    return unchecked(
      'only Python evaluates files of Keras; compare some outputs, or export the network to ONNX, which is checked',
    );
  }
  const run = async (images: Float32Array, shape: readonly number[]) => {
    const { loadLayersModel } = await import('@tensorflow/tfjs-layers');
    const artifacts = await artifactsOf(probe.file);
    const model = await loadLayersModel({ load: () => Promise.resolve(artifacts) });
    try {
      const { tf } = runtime;
      const output = tf.tidy(() => model.predict(tf.tensor(images, [...shape])) as Tensor);
      const values = (await output.data()) as Float32Array;
      output.dispose();
      return values;
    } finally {
      model.dispose();
    }
  };
  return checkAgainst({ name: 'TensorFlow.js', run }, ann, probe, runtime, random, probe.batchSize);
}

async function artifactsOf(file: string): Promise<io.ModelArtifacts> {
  const { modelTopology, weightsManifest } = JSON.parse(
    new TextDecoder().decode(await readModelFile(file)),
  ) as { readonly modelTopology: object; readonly weightsManifest: Manifest };
  const shards = await Promise.all(shardFiles(file, weightsManifest).map(readModelFile));
  const data = Buffer.concat(shards);
  return {
    modelTopology,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights) as io.WeightsManifestEntry[],
    weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
  };
}
