import type { InputPorts, OutputPorts, StageInstance } from '../contracts/stage.js';
import { noInstance } from '../errors/templates/run.js';
import { kindOf } from '../errors/thrown.js';

/**
 * What a stage's `create` gave, where it is an object with a `run`.
 *
 * @throws UserError NO_INSTANCE
 */
export function madeInstance(made: unknown): StageInstance<InputPorts, OutputPorts> {
  const run =
    typeof made === 'object' && made !== null ? (made as { run?: unknown }).run : undefined;
  if (typeof run !== 'function') throw noInstance(kindOf(made));
  return made as StageInstance<InputPorts, OutputPorts>;
}
