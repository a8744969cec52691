import { stageFaults, type AnyStage, type InputPorts, type OutputPorts } from '@privatesnn/core';

/** What is wrong with a stage's declaration, one sentence each: the contract of its kind, and descriptions. */
export function problemsOfPorts(stage: AnyStage): string[] {
  const { inputs, outputs } = stage as { inputs: InputPorts; outputs: OutputPorts };
  const problems = stageFaults(stage);
  for (const [what, ports] of Object.entries({ input: inputs, output: outputs })) {
    for (const [name, { description }] of Object.entries(ports)) {
      if (!description) problems.push(`The ${what} "${name}" has no description.`);
    }
  }
  return problems;
}
