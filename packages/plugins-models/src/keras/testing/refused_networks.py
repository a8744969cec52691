"""Writes refused-networks-reference.json: networks that are not read, as Keras 3 describes them.

    pip install -r requirements.txt
    KERAS_BACKEND=jax python refused_networks.py > refused-networks-reference.json
"""

import json

import keras
from keras import layers


def networks():
    keras.utils.set_random_seed(1)
    x = keras.Input((4, 4, 2))
    y = layers.Dropout(0.5)(layers.Flatten()(x), training=True)
    yield 'training', keras.Model(x, layers.Dense(2)(y))
    x = keras.Input((4, 4, 2))
    y = layers.Flatten()(layers.Conv2D(2, 1)(x))
    yield 'two inputs', keras.Model([x, keras.Input((4, 4, 2))], layers.Dense(2)(y))
    yield 'two outputs', keras.Model(x, [layers.Dense(2)(y), layers.Dense(3)(y)])
    yield 'constant', keras.Model(x, layers.Dense(2)(y) + 1.0)
    for name, layer in {
        'activation': layers.Conv2D(2, 1, activation=layers.ELU()),
        'negative_slope': layers.ReLU(negative_slope=0.1),
        'threshold': layers.ReLU(threshold=0.5),
        'LeakyReLU': layers.LeakyReLU(),
        'tanh': layers.Activation('tanh'),
        'axis': layers.BatchNormalization(axis=1),
        'data_format': layers.MaxPooling2D(2, data_format='channels_first'),
        'Cropping2D': layers.Cropping2D(),
        'UpSampling2D': layers.UpSampling2D(),
        'Lambda': layers.Lambda(lambda x: 2 * x, output_shape=(4, 4, 4)),
        'LayerNormalization': layers.LayerNormalization(),
        'Softmax': layers.Softmax(),
        'Reshape': layers.Reshape((4, 8, 2)),
        'mixing': keras.Sequential([layers.Permute((3, 2, 1)), layers.Dense(2)]),
    }.items():
        yield name, keras.Sequential(
            [keras.Input((4, 4, 2)), layers.Conv2D(4, 1), layer, layers.ReLU(), layers.Flatten(), layers.Dense(2)]
        )


cases = []
for name, model in networks():
    weights = [{'name': one.path, 'dtype': 'float32', 'shape': list(one.shape)} for one in model.weights]
    cases.append({'name': name, 'topology': json.loads(model.to_json()), 'weights': weights})
print('[')
print(',\n'.join(json.dumps(case) for case in cases))
print(']')
