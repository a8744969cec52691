"""Writes random networks of Keras 3, as .keras and .h5 files, and what it gives for images.

    python random_networks.py FOLDER COUNT SEED

The backend is JAX: that of PyTorch counts some of the padding of an AveragePooling2D with "same", as neither TensorFlow
nor JAX does.
"""

import base64
import json
import os
import pathlib
import sys
import warnings

os.environ['KERAS_BACKEND'] = 'jax'
warnings.filterwarnings('ignore')

import keras
import numpy as np
from keras import layers

folder, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(seed)


def chance(p):
    return rng.random() < p


def pick(*choices):
    return choices[rng.integers(len(choices))]


def number(low, high):
    return int(rng.integers(low, high + 1))


class Network:
    """A graph that grows at its end, x: images in one order."""

    def __init__(self):
        self.first = chance(0.25)
        self.format = 'channels_first' if self.first else 'channels_last'
        size = [number(6, 12), number(6, 12)]
        self.image = keras.Input([number(1, 4), *size] if self.first else [*size, number(1, 4)])
        self.x = self.image
        self.refused = None

    @property
    def channels(self):
        return self.x.shape[1 if self.first else 3]

    @property
    def size(self):
        return self.x.shape[2:] if self.first else self.x.shape[1:3]

    @property
    def axis(self):
        return pick(1, -3) if self.first else pick(-1, 3)

    def window(self):
        return pick(number(1, 3), [number(1, 3), number(1, 3)])

    def moves(self, separable=False):
        options = {'padding': pick('same', 'valid') if min(self.size) > 5 else 'same', 'data_format': self.format}
        if chance(0.3):
            options['strides'] = 2 if separable or chance(0.6) else (1, 2)
        elif chance(0.2):
            options['dilation_rate'] = 2
        return options | {'activation': self.activation(), 'use_bias': chance(0.7)}

    def activation(self):
        return pick('linear', 'linear', 'relu', 'relu', 'relu6', layers.ReLU(max_value=2.0))

    def conv(self):
        groups = pick(*(g for g in (1, 2, 3) if self.channels % g == 0))
        self.x = layers.Conv2D(groups * number(1, 4), self.window(), groups=groups, **self.moves())(self.x)

    def depthwise(self):
        self.x = layers.DepthwiseConv2D(number(1, 3), depth_multiplier=number(1, 2), **self.moves(True))(self.x)

    def separable(self):
        self.x = layers.SeparableConv2D(
            number(1, 6), number(1, 3), depth_multiplier=number(1, 2), **self.moves(True)
        )(self.x)

    def batch_norm(self):
        self.x = layers.BatchNormalization(
            axis=self.axis, scale=chance(0.8), center=chance(0.8), epsilon=pick(1e-3, 1e-5)
        )(self.x)

    def relu(self):
        self.x = pick(
            layers.ReLU(), layers.ReLU(max_value=pick(1, 6.0)), layers.Activation('relu'), layers.Activation('relu6')
        )(self.x)

    def pool(self):
        layer = pick(layers.AveragePooling2D, layers.MaxPooling2D)
        options = {'padding': pick('same', 'valid') if min(self.size) > 5 else 'same', 'data_format': self.format}
        if chance(0.5):
            options['strides'] = pick(1, 2)
        self.x = layer(self.window(), **options)(self.x)

    def pad(self):
        padding = pick(1, (1, 2), ((0, 1), (1, 0)), ((2, 0), (0, 0)))
        self.x = layers.ZeroPadding2D(padding, data_format=self.format)(self.x)

    def same_conv(self, x):
        return layers.Conv2D(
            self.channels, number(1, 3), padding='same', data_format=self.format, activation=self.activation()
        )(x)

    def residual(self):
        branch = self.same_conv(self.x)
        if chance(0.4):
            branch = layers.BatchNormalization(axis=self.axis)(branch)
        other = self.same_conv(self.x) if chance(0.3) else self.x
        if chance(0.2):
            self.x = other + branch
        elif chance(0.2):
            self.x = layers.Average()([other, branch])
        else:
            self.x = layers.Add()([other, branch, *([branch] if chance(0.1) else [])])

    def concatenate(self):
        branches = [self.x, self.same_conv(self.x)]
        if chance(0.3):
            branches.append(layers.MaxPooling2D(2, strides=1, padding='same', data_format=self.format)(self.x))
        self.x = layers.Concatenate(axis=self.axis)(branches)

    def passive(self):
        self.x = pick(
            layers.Dropout(0.3),
            layers.SpatialDropout2D(0.1),
            layers.GaussianNoise(0.2),
            layers.Identity(),
            layers.ActivityRegularization(0.1),
        )(self.x)

    def rescale(self):
        self.x = layers.Rescaling(rng.uniform(-1.5, 1.5), offset=rng.uniform(-0.5, 0.5))(self.x)

    def nested(self):
        options = {'padding': 'same', 'data_format': self.format}
        chain = [layers.Conv2D(number(1, 4), 2, activation='relu', **options)]
        if chance(0.5):
            chain.append(layers.BatchNormalization(axis=self.axis))
        if chance(0.4):
            inside = keras.Input(self.x.shape[1:])
            y = self.same_conv(inside)
            self.x = keras.Model(inside, layers.Add()([inside, y]))(self.x)
        else:
            self.x = keras.Sequential(chain)(self.x)

    def shared(self):
        layer = layers.Conv2D(self.channels, 2, padding='same', data_format=self.format, activation='relu')
        self.x = layer(layer(self.x))

    def pixels(self):
        if not self.first:
            self.x = layers.Dense(number(1, 5), activation=self.activation())(self.x)

    def refuse(self):
        """Puts something in that must be refused, and notes words of the reason."""
        other = {'data_format': self.format}
        layer, self.refused = pick(
            (layers.LeakyReLU(), 'no spiking neuron here gives anything for negative input'),
            (layers.ELU(), 'no spiking neuron here gives anything for negative input'),
            (layers.Activation('tanh'), 'the activation tanh has no spiking counterpart'),
            (layers.Conv2D(2, 1, activation='gelu', **other), 'the activation gelu has no spiking counterpart'),
            (layers.ReLU(negative_slope=0.1), 'its setting "negative_slope" is 0.1'),
            (layers.ReLU(threshold=0.5), 'its setting "threshold" is 0.5'),
            (layers.UpSampling2D(2, **other), 'layers of the type UpSampling2D are not read'),
            (layers.Cropping2D(1, **other), 'layers of the type Cropping2D are not read'),
            (layers.Conv2DTranspose(2, 2, **other), 'layers of the type Conv2DTranspose are not read'),
            (layers.LayerNormalization(), 'it normalises by the image’s own numbers'),
            (layers.Lambda(lambda x: x * 2), 'it holds a program of its own, which is never run'),
            (layers.Softmax(1 if self.first else -1), 'stands before the end|does not hold all classes'),
            (lambda x: layers.Multiply()([x, x]), 'products, differences and selections of activations'),
            (lambda x: layers.Subtract()([x, x]), 'products, differences and selections of activations'),
            (lambda x: layers.Dropout(0.5)(x, training=True), 'it is called with training = true'),
            (lambda x: x * 2.0, 'products, differences|which no layer gives|operation outside of layers'),
        )
        if min(self.size) < 4:
            self.refused = None
        else:
            self.x = layer(self.x)

    def vector(self):
        kind = number(0, 4)
        if kind == 0:
            x = layers.GlobalAveragePooling2D(data_format=self.format)(self.x)
        elif kind == 1:
            x = layers.GlobalMaxPooling2D(data_format=self.format, keepdims=True)(self.x)
            x = layers.Flatten()(x)
        elif kind == 2:
            x = layers.Reshape((-1,))(self.x)
        elif kind == 3:
            x = layers.Flatten()(layers.Permute((2, 1, 3))(self.x))
        else:
            x = layers.Flatten(data_format=pick('channels_first', 'channels_last'))(self.x)
        if chance(0.5):
            x = layers.Dense(number(2, 8), use_bias=chance(0.7))(x)
            if chance(0.4):
                x = layers.BatchNormalization()(x)
            if chance(0.8):
                x = layers.ReLU()(x)
            if chance(0.2):
                x = layers.Add()([x, layers.Dense(x.shape[1], activation='relu')(x)])
        x = layers.Dense(number(2, 5), activation=(end := pick('linear', 'linear', 'softmax')))(x)
        return layers.Softmax()(x) if end == 'linear' and chance(0.1) else x


steps = ['conv'] * 4 + ['batch_norm', 'relu', 'pool', 'residual', 'concatenate'] * 2
steps += ['depthwise', 'separable', 'pad', 'passive', 'rescale', 'nested', 'shared', 'pixels']


def randomise(network):
    for layer in network.layers:
        if hasattr(layer, 'layers'):
            randomise(layer)
        elif isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])


def base64_of(values):
    return base64.b64encode(np.ascontiguousarray(values, dtype='<f4').tobytes()).decode()


keras.utils.set_random_seed(seed)
cases = []
for i in range(count):
    keras.backend.clear_session()
    graph = Network()
    names = [pick(*steps) for _ in range(number(2, 7))]
    bad = number(0, len(names)) if chance(0.25) else None
    for at, name in enumerate(names):
        if at == bad:
            graph.refuse()
        getattr(graph, name)()
    network = keras.Model(graph.image, graph.vector())
    randomise(network)
    images = rng.uniform(-1, 1, (2, *network.input_shape[1:])).astype(np.float32)
    output = keras.ops.convert_to_numpy(network(images, training=False))
    file = f'{i}.{pick("keras", "keras", "h5")}'
    network.save(folder / file)
    if graph.first:
        images = images.transpose(0, 2, 3, 1)
    cases.append(
        {
            'file': file,
            'layers': [graph.format, *names],
            'refused': graph.refused,
            'input': {'shape': list(images.shape), 'values': base64_of(images)},
            'output': base64_of(output),
        }
    )
(folder / 'cases.json').write_text(json.dumps(cases))
