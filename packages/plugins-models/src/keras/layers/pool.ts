import { sameAs } from '../../steps/feature.js';
import { padStep, poolStep, wholeImage } from '../../steps/pool.js';
import { refuse, saveAgain } from '../../steps/refusal.js';
import { viewOf } from '../../steps/view.js';
import { windowOver } from '../../steps/window.js';
import { asImages, axesOf, images, type Builder } from '../operation.js';

const kindOf = (type: string) => (/Max/.test(type) ? 'max-pool' : 'average-pool');

/** Pixels of the padding count in neither. */
export const pool: Builder<'AveragePooling2D' | 'MaxPooling2D'> = (operation) => {
  const { settings, type } = operation;
  const { step } = images(operation, settings.data_format);
  const [height, width] = step.shape;
  const window = windowOver(
    {
      size: settings.pool_size,
      stride: settings.strides ?? settings.pool_size,
      dilation: [1, 1],
      padding: settings.padding === 'same' ? 'same' : 'none',
    },
    [height, width],
  );
  if (typeof window === 'string') throw refuse(operation, window, saveAgain);
  return asImages(poolStep(operation, kindOf(type), step, window, false), settings.data_format);
};

export const globalPool: Builder<'GlobalAveragePooling2D' | 'GlobalMaxPooling2D'> = (operation) => {
  const { settings, type } = operation;
  const { step } = images(operation, settings.data_format);
  const pooled = wholeImage(operation, kindOf(type), step);
  const axes = settings.keepdims ? axesOf(settings.data_format) : (['c'] as const);
  return sameAs(viewOf(pooled.shape, axes), pooled);
};

export const zeroPadding: Builder<'ZeroPadding2D'> = (operation) => {
  const { padding, data_format: format } = operation.settings;
  return asImages(padStep(operation, images(operation, format).step, padding), format);
};
