// Measures the tensor runtimes on a VGG9, batch 16: a training step (loss and all gradients), and the gradient with
// respect to the images. Each in a process of its own, the best of --repeats steps after one to warm up.
//
//   npm run bench:dense -- [--repeats 8] [--threads 1,2,4] [--tfjs-cpu] [--write packages/runtime-tfjs/README.md]
//
// --tfjs-cpu also measures tfjs's own backend, one step with one image: several minutes.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { architectures, materials } from '../../spiking/bench/networks.mjs';
import { markdownTable, writePart } from '../../spiking/bench/page.mjs';
import { annForward, annTensors, createTensorRuntime } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    repeats: { type: 'string', default: '8' },
    threads: { type: 'string', default: '1,2,4' },
    'tfjs-cpu': { type: 'boolean', default: false },
    write: { type: 'string' },
    only: { type: 'string' },
  },
});
const repeats = Number(values.repeats);
if (values.only) console.log(JSON.stringify(await steps(values.only)));
else compare();

/** The best times in milliseconds of this process's runtime; "tfjs-cpu" takes tfjs's own backend. */
async function steps(runtime) {
  const { tf, description } = await createTensorRuntime();
  const isPlain = runtime === 'tfjs-cpu';
  if (isPlain) {
    await import('@tensorflow/tfjs-backend-cpu');
    await tf.setBackend('cpu');
  }
  const batch = isPlain ? 1 : 16;
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
    const logits = annForward(tf, architecture, weights, images);
    return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1)));
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
    for (let i = 0; i < (isPlain ? 1 : repeats + 1); i++) {
      const start = performance.now();
      step();
      if (i > 0 || isPlain) least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  return {
    description: isPlain ? "tfjs's own CPU backend, batch 1 instead of 16" : description,
    training: best(training),
    input: best(input),
  };
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
    ...(values['tfjs-cpu'] ? [measure('tfjs-cpu', embedded)] : []),
  ].filter(Boolean);
  const table = markdownTable(
    ['', 'training step, ms', 'input gradient, ms'],
    runs.map(({ description, training, input }) => [
      description,
      Math.round(training),
      Math.round(input),
    ]),
  );
  const machine = `${cpus()[0].model.trim()}, ${cpus().length} processors, Node ${process.version}; best of ${repeats} steps.`;
  console.log(`${machine}\n\n${table}`);
  if (values.write) writePart(values.write, 'dense', `${machine}\n\n${table}`);
}
