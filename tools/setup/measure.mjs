// Times both tensor runtimes in a process of its own, keeps the result, and prints for people which one computes.
import { chooseRuntime, measureRuntimes } from '@privatesnn/runtime-tfjs';

await measureRuntimes();
const { id, reason } = chooseRuntime();
console.log(
  `ANNs run on ${id === 'tensorflow' ? 'TensorFlow' : 'the embedded engine'}: ${reason}.`,
);
// TensorFlow's threads would keep the process.
process.exit(0);
