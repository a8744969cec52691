"""Writes networks/* and networks-reference.json: small networks as Keras saves them, and what it gives for images.

    pip install -r requirements.txt
    KERAS_BACKEND=jax python networks.py keras3

writes .keras and .h5 files. Files of Keras 2, and LayersModels of tensorflowjs, need packages of their own:

    pip install tensorflow-cpu==2.15.1 tf_keras==2.15.1 "numpy<2"
    pip install --no-deps tensorflowjs==4.22.0 tensorflow-hub==0.16.1
    python networks.py keras2
"""

import base64
import json
import pathlib
import sys
import types

import numpy as np

KERAS2 = sys.argv[1] == 'keras2'
if KERAS2:
    from tensorflow import keras
else:
    import keras
layers = keras.layers
here = pathlib.Path(__file__).parent
rng = np.random.default_rng(1)


def bn_relu(x, **options):
    return layers.ReLU(**options)(layers.BatchNormalization()(x))


def residual():
    image = keras.Input((12, 12, 3))
    x = bn_relu(layers.Conv2D(8, 3, padding='same', use_bias=False)(image))
    y = bn_relu(layers.Conv2D(8, 3, padding='same', use_bias=False)(x))
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding='same', use_bias=False)(y))
    x = layers.Activation('relu')(layers.Add()([x, y]))
    y = bn_relu(layers.Conv2D(12, 3, strides=2, padding='same')(x))
    y = layers.BatchNormalization()(layers.Conv2D(12, 3, padding='same')(y))
    x = layers.BatchNormalization()(layers.Conv2D(12, 1, strides=2)(x))
    x = layers.ReLU()(layers.add([x, y]))
    return keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)), name='residual')


def inverted_residual():
    image = keras.Input((14, 14, 3))
    x = bn_relu(layers.Conv2D(6, 3, strides=2, padding='same', use_bias=False)(image), max_value=6.0)
    y = bn_relu(layers.Conv2D(12, 1, use_bias=False)(x), max_value=6.0)
    y = bn_relu(layers.DepthwiseConv2D(3, padding='same', use_bias=False)(y), max_value=6.0)
    y = layers.BatchNormalization()(layers.Conv2D(6, 1, use_bias=False)(y))
    x = layers.Add()([x, y])
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, activation='relu6' if not KERAS2 else 'relu')(x)
    return keras.Model(image, layers.Dense(7, activation='softmax')(layers.GlobalMaxPooling2D()(x)))


def inception():
    image = keras.Input((11, 9, 2))
    x = layers.Conv2D(4, (3, 5), padding='same', activation='relu')(image)
    a = layers.AveragePooling2D(3, strides=1, padding='same')(x)
    b = layers.MaxPooling2D((3, 2), strides=1, padding='same')(x)
    c = layers.Conv2D(4, 3, dilation_rate=2, padding='same', activation='relu')(x)
    x = layers.Concatenate()([a, b, c])
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(6, 2, groups=2, strides=2, padding='same', activation='relu')(x)
    return keras.Model(image, layers.Dense(5)(layers.Flatten()(x)))


def nested():
    features = keras.Sequential([layers.Conv2D(4, 3, activation='relu'), layers.MaxPooling2D(2)], name='features')
    inside = keras.Input((6, 6, 4), name='inside')
    y = layers.Conv2D(4, 3, padding='same', activation='relu', name='first')(inside)
    block = keras.Model(inside, layers.ReLU()(layers.Add()([inside, layers.BatchNormalization()(y)])), name='block')
    augmentation = keras.Sequential([layers.RandomFlip('horizontal'), layers.RandomRotation(0.1)], name='augmentation')
    return keras.Sequential(
        [
            keras.Input((14, 14, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            *([] if KERAS2 else [augmentation]),
            features,
            block,
            layers.Conv2D(4, 3, activation='relu', name='first'),
            keras.Sequential([layers.Flatten(), layers.Dropout(0.2), layers.Dense(6)], name='head'),
        ]
    )


def channels_first():
    options = {'data_format': 'channels_first'}
    image = keras.Input((3, 12, 10))
    x = layers.ZeroPadding2D(1, **options)(image)
    x = bn_relu_first(layers.Conv2D(6, 3, **options)(x))
    y = layers.SeparableConv2D(6, 3, padding='same', activation='relu', **options)(x)
    x = layers.Concatenate(axis=1)([x, y])
    x = layers.AveragePooling2D(2, **options)(x)
    x = layers.DepthwiseConv2D(3, **options)(x)
    return keras.Model(image, layers.Dense(4)(layers.Flatten(**options)(layers.ReLU()(x))))


def bn_relu_first(x):
    return layers.ReLU()(layers.BatchNormalization(axis=1)(x))


def channels_first_plain_flatten():
    options = {'data_format': 'channels_first'}
    return keras.Sequential(
        [
            keras.Input((2, 8, 6)),
            layers.Conv2D(4, 3, activation='relu', **options),
            layers.MaxPooling2D(2, **options),
            layers.Flatten(),
            layers.Dense(5, activation='relu'),
            layers.Dense(3),
        ]
    )


def separable():
    return keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.SeparableConv2D(6, 3, depth_multiplier=2, padding='same', activation='relu'),
            layers.BatchNormalization(scale=False),
            layers.MaxPooling2D(2),
            layers.SeparableConv2D(8, (3, 2), strides=1, use_bias=False),
            layers.BatchNormalization(center=False),
            layers.ReLU(),
            layers.SpatialDropout2D(0.1),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def normalised():
    normalisation = layers.Normalization()
    normalisation.adapt(rng.uniform(0, 9, (20, 8, 8, 3)).astype(np.float32))
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            normalisation,
            layers.Conv2D(4, 3, padding='same', activation='relu'),
            layers.BatchNormalization(),
            layers.Conv2D(4, 3, padding='same'),
            layers.BatchNormalization(),
            layers.Activation('relu'),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Flatten(),
            layers.Dense(5),
            layers.Softmax(),
        ]
    )


def shared():
    image = keras.Input((10, 10, 3))
    both = layers.Conv2D(3, 3, padding='same', activation='relu', name='both')
    x = both(both(image))
    small = both(layers.AveragePooling2D(2)(x))
    x = layers.Average()([layers.MaxPooling2D(2)(x), small])
    return keras.Model(image, layers.Dense(4, name='out')(layers.Flatten()(x)))


def grey_rows():
    return keras.Sequential(
        [
            keras.Input((9, 7)),
            layers.Rescaling(1 / 255),
            layers.Reshape((9, 7, 1)),
            layers.Conv2D(3, 2, strides=(2, 1), padding='same', activation='relu'),
            layers.Permute((2, 1, 3)),
            layers.Flatten(),
            layers.Dense(8, activation='relu'),
            layers.Dense(3),
        ]
    )


def perceptron():
    vector = keras.Input((24,))
    x = layers.Dense(16)(vector)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    y = layers.Dense(16, activation='relu')(layers.Dropout(0.2)(x))
    x = layers.Concatenate()([layers.Add()([x, y]), y])
    return keras.Model(vector, layers.Dense(3)(x))


def dense_of_pixels():
    image = keras.Input((5, 5, 3))
    x = layers.Dense(6, activation='relu')(image)
    x = layers.Conv2D(4, 3, padding='same')(x)
    x = layers.BatchNormalization()(layers.Activation('relu')(x))
    x = layers.AveragePooling2D(2, padding='same')(x)
    return keras.Model(image, layers.Reshape((4,))(layers.Conv2D(4, 3)(x)))


def operations():
    image = keras.Input((6, 6, 2))
    x = keras.ops.relu(layers.Conv2D(4, 3, padding='same')(image))
    x = keras.ops.relu6(layers.Conv2D(4, 3, padding='same')(x) + x)
    x = layers.Conv2D(4, 1, activation=layers.ReLU(max_value=2.0))(x)
    return keras.Model(image, layers.Dense(3)(layers.Flatten()(x)))


def randomise(network):
    """Weights that show every mistake: normalisations that are not the neutral ones, biases that are not 0."""
    for layer in network.layers:
        if hasattr(layer, 'layers'):
            randomise(layer)
        elif isinstance(layer, layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
        elif getattr(layer, 'use_bias', False):
            *kernels, bias = layer.get_weights()
            layer.set_weights([*kernels, rng.uniform(-0.3, 0.3, bias.shape)])


def base64_of(values):
    return base64.b64encode(np.ascontiguousarray(values, dtype='<f4').tobytes()).decode()


def save_layers_model(network, folder):
    # The converter imports a package for forests that it needs for them alone.
    sys.modules.setdefault('tensorflow_decision_forests', types.ModuleType('tensorflow_decision_forests'))
    import tensorflowjs

    tensorflowjs.converters.save_keras_model(network, str(folder))


networks = {
    'residual': residual,
    'inverted-residual': inverted_residual,
    'inception': inception,
    'nested': nested,
    'separable': separable,
    'normalised': normalised,
    'shared': shared,
    'grey-rows': grey_rows,
    'perceptron': perceptron,
    'dense-of-pixels': dense_of_pixels,
}
keras3_only = {
    'channels-first': channels_first,
    'channels-first-plain-flatten': channels_first_plain_flatten,
    'operations': operations,
}
shapes = {'perceptron': (4, 3, 2)}
wide = ('nested', 'normalised', 'grey-rows')


def case(network, name, file):
    images = rng.uniform(0, 255 if name in wide else 1, (2, *network.input_shape[1:])).astype(np.float32)
    output = np.asarray(network(images, training=False))
    if name.startswith('channels-first'):
        images = images.transpose(0, 2, 3, 1)
    elif name == 'grey-rows':
        images = images[..., np.newaxis]
    shape = [2, *shapes[name]] if name in shapes else list(images.shape)
    print(file, output[0, :3])
    return {
        'file': file,
        'inputShape': shapes.get(name),
        'input': {'shape': shape, 'values': base64_of(images)},
        'output': base64_of(output),
    }


if __name__ == '__main__':
    keras.utils.set_random_seed(1)
    folder = here / 'networks'
    folder.mkdir(exist_ok=True)
    cases = []
    for name, make in {**networks, **({} if KERAS2 else keras3_only)}.items():
        network = make()
        randomise(network)
        if KERAS2:
            file = f'keras2-{name}.h5'
            network.save(folder / file, include_optimizer=False)
            cases.append(case(network, name, file))
            if name in ('residual', 'inverted-residual', 'separable'):
                save_layers_model(network, folder / f'tfjs-{name}')
                cases.append(case(network, name, f'tfjs-{name}/model.json'))
        else:
            network.save(folder / f'{name}.keras')
            cases.append(case(network, name, f'{name}.keras'))
            if name in ('residual', 'nested', 'separable', 'normalised', 'shared'):
                network.save(folder / f'keras3-{name}.h5')
                cases.append(case(network, name, f'keras3-{name}.h5'))
    target = here / f'{sys.argv[1]}-networks-reference.json'
    target.write_text(json.dumps(cases, indent=1) + '\n')
