"""Writes keras-reference.json: networks as Keras 3 describes them, their weights, and what Keras computes.

    pip install keras==3.15.1 jax==0.10.2 numpy==2.4.6
    KERAS_BACKEND=jax python keras_reference.py > keras-reference.json

tensorflowjs_converter puts the same topology into model.json as `to_json` gives, and names weights by their paths.
"""

import json

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)


def networks():
    keras.utils.set_random_seed(1)
    yield 'sequential', keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(3, 3, padding='same', use_bias=False),
            layers.BatchNormalization(epsilon=0.01),
            layers.ReLU(),
            layers.AveragePooling2D(2),
            layers.SpatialDropout2D(0.2),
            layers.Conv2D(4, 3, activation='relu', kernel_regularizer='l2'),
            layers.Dropout(0.3, noise_shape=(None, 1, 1, 4)),
            layers.MaxPooling2D(2, padding='same'),
            layers.Flatten(),
            layers.GaussianNoise(0.1),
            layers.Dense(5),
            layers.BatchNormalization(scale=False),
            layers.Activation('relu'),
            layers.AlphaDropout(0.1),
            layers.Dense(3),
            layers.Softmax(),
        ]
    )
    x = keras.Input((7, 5, 1), name='image')
    y = layers.Conv2D(4, (3, 3), strides=2, padding='valid', name='first')(x)
    y = layers.BatchNormalization(center=False, axis=3)(y, training=False)
    y = layers.Activation('relu')(y)
    y = layers.MaxPooling2D((1, 1))(y)
    y = layers.Flatten()(y)
    y = layers.Dropout(0.5, seed=4)(y)
    y = layers.Dense(4, activation='linear', name='head')(y)
    yield 'functional', keras.Model(x, y)
    keras.config.set_dtype_policy('mixed_float16')
    yield 'mixed_float16', keras.Sequential(
        [keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2, activation='softmax')]
    )
    keras.config.set_dtype_policy('float32')
    x = keras.Input((4, 4, 1))
    y = layers.Conv2D(2, 3, activation=layers.ReLU(), name='object')(x)
    yield 'refused: activation', keras.Model(x, layers.Dense(2)(layers.Flatten()(y)))
    x = keras.Input((4, 4, 2))
    y = layers.Flatten(data_format='channels_first')(x)
    yield 'refused: data_format', keras.Model(x, layers.Dense(2)(y))
    x = keras.Input((4, 4, 2))
    y = layers.Dropout(0.5)(layers.Flatten()(x), training=True)
    yield 'refused: training', keras.Model(x, layers.Dense(2)(y))
    for name, layer in {
        'max_value': layers.ReLU(max_value=6),
        'negative_slope': layers.ReLU(negative_slope=0.1),
        'threshold': layers.ReLU(threshold=0.5),
        'ReLU6': layers.Activation('relu6'),
        'LeakyReLU': layers.LeakyReLU(),
        'axis': layers.BatchNormalization(axis=1),
    }.items():
        yield f'refused: {name}', keras.Sequential(
            [keras.Input((4, 4, 2)), layers.Conv2D(4, 1), layer, layers.ReLU(), layers.Flatten(), layers.Dense(2)]
        )
    for name, layer in {
        'dilation_rate': layers.Conv2D(4, 2, dilation_rate=2, activation='relu'),
        'groups': layers.Conv2D(4, 2, groups=2, activation='relu'),
        'ZeroPadding2D': layers.ZeroPadding2D(),
        'Cropping2D': layers.Cropping2D(),
        'UpSampling2D': layers.UpSampling2D(),
        'Permute': layers.Permute((2, 1, 3)),
        'Reshape': layers.Reshape((4, 4, 2)),
        'Rescaling': layers.Rescaling(2.0),
        'GlobalAveragePooling2D': layers.GlobalAveragePooling2D(keepdims=True),
        'DepthwiseConv2D': layers.DepthwiseConv2D(2),
        'strides': layers.MaxPooling2D(3, strides=2),
        'padding': layers.AveragePooling2D(3, padding='same'),
    }.items():
        yield f'refused: {name}', keras.Sequential(
            [keras.Input((4, 4, 2)), layer, layers.Flatten(), layers.Dense(2)]
        )


cases = []
for name, model in networks():
    weights = []
    for variable in model.weights:
        value = rng.normal(size=variable.shape) / 2
        if variable.path.endswith('variance'):
            value = np.abs(value) + 0.1
        if 'seed' not in variable.path:
            variable.assign(value.astype(np.float32))
        value = np.asarray(variable.value if hasattr(variable, 'value') else variable)
        dtype = 'float32' if value.dtype.kind == 'f' else 'int32'
        weight = {'name': variable.path, 'dtype': dtype, 'shape': list(value.shape)}
        weights.append(weight if name.startswith('refused') else weight | {'values': value.ravel().tolist()})
    case = {'name': name, 'topology': json.loads(model.to_json()), 'weights': weights}
    if not name.startswith('refused'):
        x = rng.uniform(-1, 1, (2, *model.input_shape[1:])).astype(np.float32)
        case['input'] = {'shape': list(x.shape), 'values': x.ravel().tolist()}
        case['output'] = np.asarray(model.predict(x, verbose=0), np.float32).ravel().tolist()
    cases.append(case)
print('[')
print(',\n'.join(json.dumps(case) for case in cases))
print(']')
