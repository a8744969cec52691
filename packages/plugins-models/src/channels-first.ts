import type { Parameter } from '@privatesnn/core';

/** The weights of a convolution as other frameworks have them: [rows, columns, inputs, outputs] → [outputs, inputs, rows, columns]. */
export function channelsFirst({ shape, data }: Parameter): Parameter {
  const [rows, columns, inputs, outputs] = shape as [number, number, number, number];
  const turned = new Float32Array(data.length);
  data.forEach((value, i) => {
    const [output, rest] = [i % outputs, Math.floor(i / outputs)];
    const [input, tap] = [rest % inputs, Math.floor(rest / inputs)];
    turned[(output * inputs + input) * rows * columns + tap] = value;
  });
  return { shape: [outputs, inputs, rows, columns], data: turned };
}
