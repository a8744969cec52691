"""Writes networks/keras-*.onnx and keras-networks-reference.json: small networks as Keras exports them, and what it gives.

    pip install -r requirements.txt
    KERAS_BACKEND=torch python keras_networks.py

With this backend every convolution stands between two transposes, as images are channels last.
"""

import base64
import json
import os
import pathlib
import tempfile
import warnings

import keras
import numpy as np
import onnx
from keras import layers

warnings.filterwarnings('ignore')
here = pathlib.Path(__file__).parent


def networks():
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, padding='same', use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding='same')(x))
    x = layers.MaxPooling2D(2)(layers.ReLU()(layers.Add()([x, y])))
    x = layers.Conv2D(12, 3, strides=2, padding='same', activation='relu')(x)
    x = layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
    yield 'keras-functional', keras.Model(image, x)
    yield 'keras-sequential', keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(6, 3, activation='relu'),
            layers.AveragePooling2D(2),
            layers.DepthwiseConv2D(3, padding='same', activation='relu6'),
            layers.SeparableConv2D(8, 3, activation='relu'),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(16, activation='relu'),
            layers.Dense(10),
        ]
    )
    yield 'keras-concatenation', concatenation()
    yield 'keras-channels-first', keras.Sequential(
        [
            keras.Input((3, 12, 12)),
            layers.Conv2D(6, 3, data_format='channels_first', activation='relu'),
            layers.MaxPooling2D(2, data_format='channels_first'),
            layers.Flatten(data_format='channels_first'),
            layers.Dense(10),
        ]
    )


def concatenation():
    image = keras.Input((12, 10, 2))
    x = layers.Conv2D(4, (3, 5), padding='same', activation='relu')(image)
    y = layers.AveragePooling2D(3, strides=1, padding='same')(x)
    x = layers.Concatenate()([x, y])
    x = layers.Conv2D(6, 3, dilation_rate=2, activation='relu')(x)
    return keras.Model(image, layers.Dense(5)(layers.Flatten()(x)))


def base64_of(values):
    return base64.b64encode(np.ascontiguousarray(values, dtype='<f4').tobytes()).decode()


if __name__ == '__main__':
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    cases = []
    for name, network in networks():
        for layer in network.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
        images = rng.uniform(0, 1, (2, *network.input_shape[1:])).astype(np.float32)
        output = np.asarray(network(images).detach())
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'net.onnx')
            network.export(path, format='onnx', verbose=False)
            model = onnx.load(path)
        for node in model.graph.node:
            node.doc_string = ''
            del node.metadata_props[:]
        del model.metadata_props[:], model.graph.value_info[:], model.graph.metadata_props[:]
        onnx.save(model, here / 'networks' / f'{name}.onnx')
        if name == 'keras-channels-first':
            images = images.transpose(0, 2, 3, 1)
        cases.append(
            {
                'name': name,
                'exporter': f'Keras {keras.__version__}',
                'input': {'shape': list(images.shape), 'values': base64_of(images)},
                'output': base64_of(output),
            }
        )
        print(name, output[0, :3])
    (here / 'keras-networks-reference.json').write_text(json.dumps(cases, indent=1) + '\n')
