import { definePlugin } from '@privatesnn/core';

import { pretrained } from './pretrained.js';
import { pretrainedSnn } from './pretrained-snn.js';
import { saveAnn } from './save-ann.js';
import { saveNir } from './save-nir.js';
import { saveOnnx } from './save-onnx.js';
import { saveSnn } from './save-snn.js';
import { trainAnn } from './train-ann.js';
import { untrainedAnn } from './untrained-ann.js';

export { initialise } from './initialise.js';
export { resnet, resnetNames, type ResnetName, type ResnetOptions } from './resnet.js';
export { parseSafetensors, type Safetensors } from './safetensors/read.js';
export { writeSafetensors } from './safetensors/write.js';
export { vgg, vggNames, type VggName, type VggOptions } from './vgg.js';

export default definePlugin({
  name: '@privatesnn/plugins-models',
  stages: [trainAnn, untrainedAnn, pretrained, pretrainedSnn, saveAnn, saveSnn, saveNir, saveOnnx],
});
