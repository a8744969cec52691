"""Writes networks/*.onnx (but those of keras_networks.py) and pytorch-networks-reference.json: small networks as PyTorch exports them, and what PyTorch computes.

    pip install -r requirements.txt
    python pytorch_networks.py

Both exporters of PyTorch are used, with several versions of ONNX's operators. What people read in a file (texts,
traces) is taken out, so that the files stay small.
"""

import base64
import io
import json
import pathlib
import warnings

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings('ignore')
here = pathlib.Path(__file__).parent
folder = here / 'networks'


def base64_of(tensor):
    return base64.b64encode(tensor.detach().numpy().astype('<f4').tobytes()).decode()


class Lambda(nn.Module):
    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, x):
        return self.of(x)


class Residual(nn.Module):
    """He 2016: shortcut 'a' subsamples and pads with zero channels, 'b' is a 1×1 convolution."""

    def __init__(self, channels, out, stride=1, shortcut='a', groups=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        more = (out - channels) // 2
        if stride == 1 and channels == out:
            self.shortcut = nn.Identity()
        elif shortcut == 'a':
            self.shortcut = Lambda(lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, more, more)))
        else:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class Bottleneck(nn.Module):
    def __init__(self, channels, middle):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, middle, 1), nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, middle, 3, padding=1), nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, channels, 1), nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return F.relu(x + self.body(x))


class PreActivation(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bn, self.conv = nn.BatchNorm2d(channels), nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv(F.relu(self.bn(x)))


class Inverted(nn.Module):
    """MobileNetV2."""

    def __init__(self, channels, out, stride, expand):
        super().__init__()
        wide = channels * expand
        self.body = nn.Sequential(
            nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out),
        )
        self.adds = stride == 1 and channels == out

    def forward(self, x):
        return x + self.body(x) if self.adds else self.body(x)


class Dense(nn.Module):
    """DenseNet: everything before, joined."""

    def __init__(self, channels, growth, count):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(channels + i * growth), nn.ReLU(), nn.Conv2d(channels + i * growth, growth, 3, padding=1))
            for i in range(count)
        )

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


class Inception(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.one = nn.Conv2d(channels, 3, 1)
        self.three = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.ReLU(), nn.Conv2d(2, 4, 3, padding=1))
        self.five = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 5, padding=2))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels, 2, 1))

    def forward(self, x):
        return F.relu(torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1))


class Fire(nn.Module):
    """SqueezeNet."""

    def __init__(self, channels, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.one, self.three = nn.Conv2d(squeeze, expand, 1), nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.one(x)), F.relu(self.three(x))], 1)


def conv(i, o, k=3, **more):
    return nn.Conv2d(i, o, k, **{'padding': k // 2, **more})


def unit(i, o, **more):
    return [conv(i, o, **more), nn.BatchNorm2d(o), nn.ReLU()]


def head(channels, classes=10):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def networks():
    S, C = nn.Sequential, nn.Conv2d
    image = (3, 16, 16)
    yield 'vgg-batch-norm-max', image, S(
        *unit(3, 8), *unit(8, 8), nn.MaxPool2d(2), *unit(8, 12), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(192, 20), nn.ReLU(), nn.Dropout(0.5), nn.Linear(20, 10),
    )
    yield 'vgg-average', image, S(conv(3, 6), nn.ReLU(), nn.AvgPool2d(2), conv(6, 8), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(128, 10))
    yield 'vgg-bias-after-norm', image, S(conv(3, 6), nn.BatchNorm2d(6, affine=False), nn.ReLU(), *head(6))
    yield 'resnet-option-a', image, S(*unit(3, 8), Residual(8, 8), Residual(8, 16, 2), *head(16))
    yield 'resnet-option-a-odd', (3, 15, 13), S(*unit(3, 6), Residual(6, 12, 2), *head(12))
    yield 'resnet-option-b', image, S(*unit(3, 8), Residual(8, 8, 1, 'b'), Residual(8, 12, 2, 'b'), *head(12))
    yield 'resnet-stem', (3, 32, 32), S(
        C(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1), Residual(8, 8, 1, 'b'), *head(8)
    )
    yield 'resnet-bottleneck', image, S(*unit(3, 8), Bottleneck(8, 4), Bottleneck(8, 4), *head(8))
    yield 'resnext', image, S(*unit(3, 8), Residual(8, 8, groups=4), *head(8))
    yield 'resnet-pre-activation', image, S(conv(3, 8), PreActivation(8), PreActivation(8), nn.BatchNorm2d(8), nn.ReLU(), *head(8))
    yield 'mobilenet-v1', image, S(*unit(3, 8, stride=2), *unit(8, 8, groups=8), *unit(8, 16, k=1), *head(16))
    yield 'mobilenet-v2', image, S(
        conv(3, 8, stride=2), nn.BatchNorm2d(8), nn.ReLU6(), Inverted(8, 8, 1, 2), Inverted(8, 12, 2, 3), C(12, 24, 1), nn.ReLU6(), *head(24)
    )
    yield 'densenet', image, S(conv(3, 6), Dense(6, 4, 3), nn.BatchNorm2d(18), nn.ReLU(), C(18, 9, 1), nn.AvgPool2d(2), Dense(9, 4, 2), nn.BatchNorm2d(17), nn.ReLU(), *head(17))
    yield 'inception', image, S(conv(3, 6), nn.ReLU(), Inception(6), nn.MaxPool2d(2), Inception(11), *head(11))
    yield 'squeezenet', image, S(conv(3, 8), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 4, 6), nn.Dropout(), C(12, 10, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    yield 'all-convolutional', image, S(conv(3, 8), nn.ReLU(), C(8, 8, 3, 2, 1), nn.ReLU(), C(8, 10, 1), nn.AdaptiveAvgPool2d(1), Lambda(lambda x: x.squeeze(-1).squeeze(-1)))
    yield 'mlp', (1, 12, 12), S(nn.Flatten(), nn.Linear(144, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, 10))
    yield 'mlp-colours', (3, 6, 5), S(nn.Flatten(), nn.Linear(90, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 10))
    yield 'mlp-residual', (1, 8, 8), S(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), Bottleneck1d(16), nn.Linear(16, 10))
    yield 'norm-after-relu', image, S(conv(3, 6), nn.ReLU(), nn.BatchNorm2d(6), conv(6, 8), nn.ReLU(), nn.BatchNorm2d(8), nn.AvgPool2d(2), conv(8, 8), nn.ReLU(), *head(8))
    yield 'norm-after-relu-no-padding', image, S(C(3, 6, 3), nn.ReLU(), nn.BatchNorm2d(6), C(6, 8, 3), nn.ReLU(), nn.BatchNorm2d(8), *head(8))
    yield 'norm-first', image, S(nn.BatchNorm2d(3), *unit(3, 8), *head(8))
    yield 'norm-tiny-variances', image, S(conv(3, 6), nn.BatchNorm2d(6, eps=1e-7), nn.ReLU(), *head(6))
    yield 'norm-twice', image, S(conv(3, 6), nn.BatchNorm2d(6), nn.BatchNorm2d(6), nn.ReLU(), *head(6))
    yield 'relu6', image, S(conv(3, 6), nn.ReLU6(), conv(6, 8), nn.Hardtanh(0, 1), *head(8))
    yield 'clamp', image, S(conv(3, 6), Lambda(lambda x: x.clamp(0.0, 0.5)), conv(6, 8), Lambda(lambda x: x.clamp(min=0.0)), *head(8))
    yield 'rectangular', (2, 9, 20), S(C(2, 6, (3, 5), (1, 2), (1, 2)), nn.ReLU(), C(6, 8, (1, 3)), nn.ReLU(), nn.MaxPool2d((2, 3), (2, 1)), nn.Flatten(), nn.LazyLinear(10))
    yield 'dilated', image, S(conv(3, 6, dilation=2), nn.ReLU(), C(6, 8, 3, padding='same', dilation=3), nn.ReLU(), *head(8))
    yield 'same-padding', image, S(C(3, 6, (2, 4), padding='same'), nn.ReLU(), *head(6))
    yield 'pads-apart', image, S(nn.ZeroPad2d((0, 1, 0, 1)), C(3, 6, 3, 2), nn.ReLU(), nn.ZeroPad2d((2, 1, 0, 3)), nn.MaxPool2d(3, 2), *head(6))
    yield 'pad-before-average', image, S(conv(3, 6), nn.ReLU(), nn.ZeroPad2d(1), nn.AvgPool2d(3, 2), *head(6))
    yield 'average-not-counting', (3, 15, 15), S(conv(3, 6), nn.ReLU(), nn.AvgPool2d(3, 2, 1, count_include_pad=False), *head(6))
    yield 'average-counting-ceil', (3, 14, 14), S(conv(3, 6), nn.ReLU(), nn.AvgPool2d(3, 2, 1, ceil_mode=True), nn.Flatten(), nn.LazyLinear(10))
    yield 'average-overlapping', image, S(conv(3, 6), nn.ReLU(), nn.AvgPool2d(3, 1), nn.MaxPool2d(3, 1, 1), *head(6))
    yield 'max-before-relu', image, S(conv(3, 6), nn.BatchNorm2d(6), nn.MaxPool2d(2), nn.ReLU(), conv(6, 8), nn.MaxPool2d(2), nn.BatchNorm2d(8), nn.ReLU(), *head(8))
    yield 'mean-of-pixels', image, S(conv(3, 6), nn.ReLU(), Lambda(lambda x: x.mean((2, 3))), nn.Linear(6, 10))
    yield 'view', image, S(conv(3, 6), nn.ReLU(), nn.MaxPool2d(4), Lambda(lambda x: x.view(x.size(0), -1)), nn.Linear(96, 10))
    yield 'matmul', image, S(conv(3, 6), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), MatMul(6, 10))
    yield 'normalisation-inside', image, S(Lambda(lambda x: (x - torch.tensor([0.4, 0.5, 0.45]).view(3, 1, 1)) / torch.tensor([0.2, 0.25, 0.22]).view(3, 1, 1)), *unit(3, 8), *head(8))
    yield 'channels-last-inside', image, S(Lambda(lambda x: x.permute(0, 2, 3, 1)), Lambda(lambda x: x.permute(0, 3, 1, 2)), *unit(3, 6), Lambda(lambda x: x.permute(0, 2, 3, 1)), nn.Flatten(), nn.LazyLinear(10))
    yield 'softmax', image, S(*unit(3, 6), *head(6), nn.Softmax(1))
    yield 'two-heads-added', image, TwoHeads()


class Bottleneck1d(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.one, self.two = nn.Linear(features, 8), nn.Linear(8, features)

    def forward(self, x):
        return F.relu(x + self.two(F.relu(self.one(x))))


class MatMul(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(inputs, outputs)), nn.Parameter(torch.randn(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*unit(3, 6))
        self.a, self.b = nn.Sequential(*head(6)), nn.Sequential(nn.MaxPool2d(4), nn.Flatten(), nn.Linear(96, 10))

    def forward(self, x):
        x = self.stem(x)
        return self.a(x) + self.b(x)


def train_a_little(name, network):
    """Statistics and affine terms of batch normalisation as training leaves them: no zeros and ones."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            low, high = (1e-9, 1e-6) if 'tiny' in name else (0.3, 2)
            module.running_var.uniform_(low, high)
            module.running_mean.uniform_(-0.5, 0.5)
            if module.affine:
                module.weight.data.uniform_(-0.5 if 'after-relu' in name else 0.5, 1.5)
                module.bias.data.uniform_(-0.3, 0.3)


def export(network, images, way):
    target = io.BytesIO()
    if way[0] == 'dynamo':
        program = torch.onnx.export(
            network, (images,), dynamo=True, opset_version=way[1], verbose=False,
            dynamic_shapes=({0: torch.export.Dim('n')},) if way[2] else None,
        )
        program.save(target)
    else:
        torch.onnx.export(
            network, (images,), target, dynamo=False, opset_version=way[1], input_names=['image'],
            dynamic_axes={'image': {0: 'n'}} if way[2] else None,
            training=torch.onnx.TrainingMode.PRESERVE if way[0] == 'unfolded' else torch.onnx.TrainingMode.EVAL,
            do_constant_folding=way[0] != 'unfolded',
        )
    model = onnx.load_from_string(target.getvalue())
    for node in model.graph.node:
        node.doc_string = ''
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        value.doc_string = ''
        del value.metadata_props[:]
    del model.metadata_props[:], model.graph.value_info[:], model.graph.metadata_props[:]
    return model


ways = [('script', 9, False), ('dynamo', 18, True), ('script', 11, True), ('unfolded', 13, True), ('dynamo', 22, False), ('script', 17, True), ('dynamo', 20, True), ('unfolded', 10, False)]

if __name__ == '__main__':
    folder.mkdir(exist_ok=True)
    for old in folder.glob('*.onnx'):
        if not old.name.startswith('keras'):
            old.unlink()
    torch.manual_seed(1)
    cases = []
    with torch.no_grad():
        for at, (name, shape, network) in enumerate(networks()):
            network.eval()
            images = torch.rand(2, *shape)
            network(images)
            train_a_little(name, network)
            output = network(images)
            way = ways[at % len(ways)]
            if way[1] == 9 and name == 'resnet-option-a':
                way = ('script', 11, True)
            model = export(network, images, way)
            onnx.save(model, folder / f'{name}.onnx')
            if name == 'softmax':
                output = network[:-1](images)
            cases.append({
                'name': name,
                'exporter': f'{way[0]}, version {way[1]}',
                'input': {'shape': list(images.permute(0, 2, 3, 1).shape), 'values': base64_of(images.permute(0, 2, 3, 1).contiguous())},
                'output': base64_of(output),
            })
            print(name, way, np.round(output[0, :3].numpy(), 3), (folder / f'{name}.onnx').stat().st_size)
    (here / 'pytorch-networks-reference.json').write_text(json.dumps(cases, indent=1) + '\n')
