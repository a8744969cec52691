import { onlyInput, type Builder } from '../operation.js';

/** What acts in training only. */
export const passive: Builder<
  | 'Dropout'
  | 'SpatialDropout2D'
  | 'AlphaDropout'
  | 'GaussianDropout'
  | 'GaussianNoise'
  | 'ActivityRegularization'
  | 'RandomFlip'
  | 'RandomRotation'
  | 'RandomTranslation'
  | 'RandomZoom'
  | 'RandomBrightness'
  | 'RandomContrast'
> = (operation) => {
  operation.remark(`${operation.type} acts in training only, and is left out`);
  return onlyInput(operation);
};

export const identity: Builder<'Identity'> = onlyInput;
