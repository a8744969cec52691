// Measures the tensor runtimes on a VGG9, batch 16: a training step (loss and all gradients), and the gradient with
// respect to the images. Each in a process of its own, the best of --repeats steps after one to warm up.
//
//   npm run bench:dense -- [--repeats 8] [--threads 1,2,4] [--tfjs cpu,wasm] [--write packages/runtime-tfjs/README.md]
//
// --tfjs also measures tfjs's own backends, cpu: one step with one image; wasm: batch 4. tfjs's
// WebAssembly has no filter gradient of convolutions: here it is put together from its slices and matrix products.
// The last column compares by image with the embedded engine on one thread.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { annForward, annTensors, createTensorRuntime } from '@privatesnn/runtime-tfjs';

import { architectures, materials } from './networks.mjs';
import { markdownTable, writePart } from './page.mjs';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '8' },
    threads: { type: 'string', default: '1,2,4' },
    tfjs: { type: 'string', default: '' },
    write: { type: 'string' },
    only: { type: 'string' },
  },
});
const repeats = Number(values.repeats);
if (values.only) console.log(JSON.stringify(await steps(values.only)));
else compare();

/** The best times in milliseconds of this process's runtime; "tfjs-cpu" and "tfjs-wasm" take tfjs's own backends. */
async function steps(runtime) {
  const { tf, description } = await createTensorRuntime();
  const own = runtime.startsWith('tfjs-') ? runtime.slice('tfjs-'.length) : undefined;
  if (own) {
    await import(`@tensorflow/tfjs-backend-${own}`);
    await tf.setBackend(own);
    if (own === 'wasm') addFilterGradient(tf);
  }
  const batch = { cpu: 1, wasm: 4 }[own] ?? 16;
  const warmUps = own === 'cpu' ? 0 : 1;
  const architecture = architectures.VGG9;
  const { parameters, pixels } = materials({ network: 'VGG9' }, batch);
  const tensors = annTensors(tf, parameters);
  const variables = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tf.variable(tensor)]),
  );
  const x = tf.tensor4d(pixels, [batch, 32, 32, 3]);
  const labels = tf.oneHot(
    Array.from({ length: batch }, (_, i) => i % 10),
    10,
  );
  const loss = (weights, images) => {
    const logits = annForward(tf, { architecture }, weights, images);
    const logProbabilities = tf.sub(logits, tf.logSumExp(logits, 1, true));
    return tf.neg(tf.mean(tf.sum(tf.mul(labels, logProbabilities), 1)));
  };
  const training = () => {
    const { value, grads } = tf.variableGrads(() => loss(variables, x), Object.values(variables));
    for (const gradient of Object.values(grads)) gradient.dataSync();
    tf.dispose([value, grads]);
  };
  const input = () => {
    const gradient = tf.grad((images) => loss(tensors, images))(x);
    gradient.dataSync();
    gradient.dispose();
  };
  const best = (step) => {
    let least = Infinity;
    for (let i = 0; i < warmUps + (own === 'cpu' ? 1 : repeats); i++) {
      const start = performance.now();
      step();
      if (i >= warmUps) least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  return {
    description: own ? `tfjs's own ${own} backend, batch ${batch} instead of 16` : description,
    batch,
    training: best(training),
    input: best(input),
  };
}

/** Registers Conv2DBackpropFilter for tfjs's WebAssembly: for each tap xᵀ·dy over all pixels. */
function addFilterGradient(tf) {
  const kernelFunc = ({ inputs: { x, dy }, attrs: { filterShape, pad } }) =>
    tf.tidy(() => {
      const [height, width, channels, outputs] = filterShape;
      const [images, outHeight, outWidth] = dy.shape;
      const border = pad === 'same' ? (height - 1) / 2 : pad;
      const around = [
        [0, 0],
        [border, border],
        [border, border],
        [0, 0],
      ];
      const padded = tf.pad(x, around);
      const pixels = images * outHeight * outWidth;
      const errors = tf.reshape(dy, [pixels, outputs]);
      const taps = Array.from({ length: height * width }, (_, tap) => {
        const from = [0, Math.floor(tap / width), tap % width, 0];
        const seen = tf.slice(padded, from, [images, outHeight, outWidth, channels]);
        return tf.matMul(tf.reshape(seen, [pixels, channels]), errors, true);
      });
      return tf.reshape(tf.stack(taps), filterShape);
    });
  tf.registerKernel({ kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc });
}

function measure(only, environment) {
  const script = fileURLToPath(import.meta.url);
  const args = [script, '--only', only, '--repeats', values.repeats];
  try {
    const output = execFileSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, ...environment },
    });
    return JSON.parse(output.trim().split('\n').at(-1));
  } catch (error) {
    const why = /^\w*Error: (.*)$/m.exec(error.stderr)?.[1] ?? error.message;
    console.error(`${only} is left out: ${why}`);
    return undefined;
  }
}

/** With a digit after the point where it tells something. */
function ratio(x) {
  return x < 10 ? x.toFixed(1) : x.toFixed(0);
}

function compare() {
  const counts = values.threads.split(',');
  const embedded = { PRIVATESNN_TENSORS: 'embedded' };
  const runs = [
    measure('tensorflow', { PRIVATESNN_TENSORS: 'tensorflow' }),
    // An instruction set that no processor has: WebAssembly.
    ...[{}, { PRIVATESNN_SIMD: 'none' }].flatMap((simd) =>
      counts.map((threads) =>
        measure('embedded', { ...embedded, ...simd, PRIVATESNN_THREADS: threads }),
      ),
    ),
    ...values.tfjs
      .split(',')
      .filter(Boolean)
      .map((name) => measure(`tfjs-${name}`, embedded)),
  ].filter(Boolean);
  const base = runs.find(({ description }) => description.startsWith('embedded'));
  const table = markdownTable(
    ['', 'training step, ms', 'input gradient, ms', 'training step by image, embedded = 1'],
    runs.map(({ description, training, input, batch }) => [
      description,
      Math.round(training),
      Math.round(input),
      ratio(training / batch / (base.training / base.batch)),
    ]),
  );
  const machine = `${cpus()[0].model.trim()}, ${cpus().length} processors, Node ${process.version}; best of ${repeats} steps.`;
  console.log(`${machine}\n\n${table}`);
  if (values.write) writePart(values.write, 'dense', `${machine}\n\n${table}`);
}
