"""Random ONNX networks of the operators that `pretrained` reads, and what onnxruntime computes with them.

    pip install -r requirements.txt
    python random_graphs.py FOLDER 300 1

writes FOLDER/N.onnx and FOLDER/cases.json for a number of graphs and a seed. Some graphs hold one thing that must be
refused; their case says the words of the reason. `random-graphs.slow.test.ts` runs this and compares.
"""

import base64
import itertools
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def base64_of(values):
    return base64.b64encode(np.ascontiguousarray(values, dtype='<f4').tobytes()).decode()


class Stuck(Exception):
    """The graph can take no such node here."""


class Graph:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.opset = int(self.rng.integers(9, 23))
        self.nodes, self.tensors, self.refuse, self.count = [], [], None, 0
        self.tail, self.outputs = [], None
        self.named = self.chance(0.5)
        size = self.rng.integers(5, 13, 2)
        self.channels_last = self.chance(0.15)
        self.image = (int(self.rng.integers(1, 5)), int(size[0]), int(size[1]))
        self.batch = int(self.rng.integers(1, 4)) if self.chance(0.3) else None
        # Values by name: (name, shape without the images, whether nothing in it is negative).
        self.values = []
        self.value = ('image', self.image, False)
        if self.channels_last:
            self.node('Transpose', [self.value[0]], self.image, perm=[0, 3, 1, 2])

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, *options):
        if not options:
            raise Stuck
        return options[int(self.rng.integers(len(options)))]

    def name(self):
        self.count += 1
        return f'v{self.count}'

    def node(self, op, inputs, shape, positive=False, outputs=1, **attributes):
        names = [self.name() for _ in range(outputs)]
        called = f'/{op}_{len(self.nodes)}' if self.named else ''
        self.nodes.append(helper.make_node(op, inputs, names, name=called, **attributes))
        self.value = (names[0], tuple(int(s) for s in shape), positive)
        self.values.append(self.value)
        return names[0]

    def constant(self, values, dtype=np.float32):
        values = np.asarray(values, dtype=dtype)
        name = f'w{len(self.tensors)}' if self.chance(0.5) else f'layer{len(self.tensors)}.weight'
        style = self.pick('raw', 'raw', 'typed', 'node', 'double' if dtype == np.float32 else 'raw')
        if style == 'node':
            made = self.name()
            self.nodes.append(
                helper.make_node('Constant', [], [made], value=numpy_helper.from_array(values))
            )
            return made
        if style == 'typed':
            kind = helper.np_dtype_to_tensor_dtype(values.dtype)
            tensor = helper.make_tensor(name, kind, values.shape, values.flatten().tolist())
        else:
            tensor = numpy_helper.from_array(values, name)
        self.tensors.append(tensor)
        return name

    def ints(self, values):
        return self.constant(values, np.int64)

    def normal(self, *shape, scale=1.0):
        return self.rng.normal(0, scale, shape).astype(np.float32)

    # Layers -------------------------------------------------------------------------------------------------------

    def window(self, kernel, ceil=False, dilation=True):
        _, height, width = self.value[1]
        attributes, dilations = {}, (1, 1)
        if dilation and self.chance(0.2):
            dilations = tuple(int(d) for d in self.rng.integers(1, 3, 2))
            attributes['dilations'] = list(dilations)
        strides = (1, 1)
        if self.chance(0.6):
            strides = tuple(int(s) for s in self.rng.integers(1, 4, 2))
            if self.chance(0.6):
                strides = (strides[0],) * 2
            attributes['strides'] = list(strides)
        pads = [0, 0, 0, 0]
        mode = self.pick('pads', 'pads', 'none', 'SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET')
        if mode in ('pads', 'NOTSET'):
            limits = [min(2, kernel[0] - 1), min(2, kernel[1] - 1)] * 2
            pads = [int(self.rng.integers(0, limit + 1)) for limit in limits]
            attributes['pads'] = pads
        if mode != 'pads' and mode != 'none':
            attributes['auto_pad'] = mode
        self.expect_clear(kernel, dilations, strides, pads, mode, pool=not dilation)
        ceil = ceil and mode in ('pads', 'none') and self.chance(0.5)
        if ceil:
            attributes['ceil_mode'] = 1
        return attributes

    def expect_clear(self, kernel, dilations, strides, pads, mode, pool):
        """Leaves out what onnxruntime computes in spite of ONNX: windows larger than the image, less than no padding."""
        for d in (0, 1):
            size, covered = self.value[1][1 + d], (kernel[d] - 1) * dilations[d] + 1
            same = mode.startswith('SAME')
            if not same and covered > size + pads[d] + pads[d + 2]:
                raise Stuck
            missing = (-(-size // strides[d]) - 1) * strides[d] + covered - size
            if same and pool and missing < 0:
                raise Stuck

    def conv(self):
        channels, height, width = self.value[1]
        kernel = tuple(int(k) for k in self.rng.integers(1, 4, 2))
        if self.chance(0.6):
            kernel = (kernel[0],) * 2
        groups = self.pick(1, 1, 1, channels, 2 if channels % 2 == 0 else 1)
        out = groups * int(self.rng.integers(1, max(2, 9 // groups)))
        fan = channels // groups * kernel[0] * kernel[1]
        inputs = [self.value[0], self.constant(self.normal(out, channels // groups, *kernel, scale=(2 / fan) ** 0.5))]
        if self.chance(0.6):
            inputs.append(self.constant(self.normal(out, scale=0.2)))
        attributes = self.window(kernel)
        if groups > 1 or self.chance(0.3):
            attributes['group'] = groups
        if self.chance(0.7):
            attributes['kernel_shape'] = list(kernel)
        self.node('Conv', inputs, (out, 0, 0), **attributes)

    def norm(self):
        channels = self.value[1][0]
        vector = lambda low, high: self.constant(self.rng.uniform(low, high, channels))
        attributes = {'epsilon': self.pick(1e-5, 1e-3, 0.1)} if self.chance(0.6) else {}
        variance = vector(0, 1e-6) if self.chance(0.1) and 'epsilon' in attributes else vector(0.2, 2)
        inputs = [self.value[0], vector(-1.5, 1.5), vector(-0.5, 0.5), vector(-0.5, 0.5), variance]
        self.node('BatchNormalization', inputs, self.value[1], **attributes)

    def relu(self):
        shape = self.value[1]
        kind = self.pick('relu', 'relu', 'relu', 'clip', 'min')
        if kind == 'relu':
            self.node('Relu', [self.value[0]], shape, True)
            return
        high = self.pick(6.0, 1.0, 0.5)
        limits = {'min': 0.0, 'max': high} if kind == 'clip' else {'min': 0.0}
        if kind == 'clip' and self.value[2] and self.chance(0.5):
            del limits['min']
        if self.opset < 11:
            self.node('Clip', [self.value[0]], shape, True, **limits)
            return
        inputs = [self.value[0]] + [
            self.constant(np.float32(limits[k])) if k in limits else '' for k in ('min', 'max')
        ]
        while inputs[-1] == '':
            inputs.pop()
        self.node('Clip', inputs, shape, True)

    def pool(self):
        kind = self.pick('MaxPool', 'AveragePool')
        kernel = tuple(int(k) for k in self.rng.integers(1, 4, 2))
        if self.chance(0.6):
            kernel = (kernel[0],) * 2
        attributes = self.window(kernel, ceil=self.opset >= 10, dilation=False)
        if kind == 'AveragePool' and self.chance(0.5):
            attributes['count_include_pad'] = int(self.rng.integers(0, 2))
        self.node(kind, [self.value[0]], (self.value[1][0], 0, 0), self.value[2], kernel_shape=list(kernel), **attributes)

    def same_shape(self):
        return [v for v in self.values if v[1] == self.value[1]]

    def add(self):
        other = self.pick(*self.same_shape())
        pair = [self.value[0], other[0]]
        if self.chance(0.5):
            pair.reverse()
        self.node('Add', pair, self.value[1])

    def concat(self):
        _, height, width = self.value[1]
        others = [v for v in self.values if v[1][1:] == (height, width)]
        chosen = [self.value] + [self.pick(*others) for _ in range(int(self.rng.integers(0, 3)))]
        self.rng.shuffle(chosen)
        chosen = [(str(v[0]), v[1]) for v in chosen]
        channels = sum(v[1][0] for v in chosen)
        if channels > 40:
            raise Stuck
        self.node('Concat', [v[0] for v in chosen], (channels, height, width), axis=self.pick(1, -3))

    def scale(self):
        channels = self.value[1][0]
        op = self.pick('Mul', 'Add', 'Sub', 'Div')
        low = 0.5 if op == 'Div' else -1
        shape = self.pick((), (1,), (channels, 1, 1), (1, channels, 1, 1))
        pair = [self.value[0], self.constant(self.rng.uniform(low, 1.5, shape))]
        if op != 'Div' and self.chance(0.3):
            pair.reverse()
        self.node(op, pair, self.value[1])

    def pads(self, pads, value=None):
        name, shape, positive = self.value
        new = [shape[i] + pads[i + 1] + pads[i + 5] for i in range(3)]
        if self.opset < 11:
            attributes = {} if value is None else {'value': float(value)}
            if self.chance(0.5):
                attributes['mode'] = 'constant'
            self.node('Pad', [name], new, positive, pads=pads, **attributes)
            return
        inputs = [name, self.ints(pads)]
        if value is not None:
            inputs.append(self.constant(np.float32(value)))
        self.node('Pad', inputs, new, positive)

    def pad(self):
        pads = [0] * 8
        for at in (2, 3, 6, 7):
            pads[at] = int(self.rng.integers(0, 3))
        if self.chance(0.3):
            pads[1], pads[5] = (int(n) for n in self.rng.integers(0, 3, 2))
        self.pads(pads, self.pick(None, 0.0))

    def slice(self, starts, ends, axes, steps):
        name, shape, positive = self.value
        self.node(
            'Slice',
            [name, self.ints(starts), self.ints(ends), self.ints(axes), self.ints(steps)],
            (shape[0], 0, 0),
            positive,
        )

    def option_a(self):
        if self.opset < 10:
            raise Stuck
        _, height, width = self.value[1]
        stride = self.pick(2, 2, 3)
        far = self.pick(2**63 - 1, 2**31 - 1, 1000)
        self.slice([0, 0], [far, far], self.pick([2, 3], [-2, -1]), [stride, stride])
        self.infer()
        more = int(self.rng.integers(0, 4))
        pads = [0, more, 0, 0, 0, more, 0, 0]
        if more > 0:
            self.pads(pads)

    def nothing(self):
        kind = self.pick('Identity', 'Dropout', 'Transpose')
        name, shape, positive = self.value
        if kind == 'Transpose':
            self.node('Transpose', [name], (shape[1], shape[2], shape[0]), positive, perm=[0, 2, 3, 1])
            self.values.pop()
            self.node('Transpose', [self.value[0]], shape, positive, perm=[0, 3, 1, 2])
        elif kind == 'Dropout' and self.opset < 12:
            self.node('Dropout', [name], shape, positive, ratio=0.3)
        else:
            self.node(kind, [name], shape, positive)

    # What must be refused --------------------------------------------------------------------------------------------

    def wrong(self):
        name, shape, positive = self.value
        channels, height, width = shape

        def leaky():
            self.node('LeakyRelu', [name], shape, alpha=0.1)
            return 'LeakyRelu.*negative'

        def smooth():
            op = self.pick('Sigmoid', 'Tanh', 'Elu', 'Softplus', 'HardSigmoid')
            self.node(op, [name], shape)
            return f'{op}.*another function'

        def quantised():
            if self.opset < 10:
                raise Stuck
            scale, zero = self.constant(np.float32(0.1)), self.constant(np.uint8(3), np.uint8)
            self.node('QuantizeLinear', [name, scale, zero], shape)
            self.values.pop()
            self.node('DequantizeLinear', [self.value[0], scale, zero], shape)
            return 'QuantizeLinear.*quantised'

        def hard():
            self.opset = max(self.opset, 11)
            limits = self.pick((-1.0, 1.0), (0.5, 2.0))
            self.node('Clip', [name, self.constant(np.float32(limits[0])), self.constant(np.float32(limits[1]))], shape)
            return r'Clip.*clips to'

        def ones():
            self.pads([0, 0, 1, 1, 0, 0, 1, 1], 1.0)
            return 'Pad.*pads with 1'

        def mirrored():
            if min(height, width) < 2:
                raise Stuck
            pads = [0, 0, 1, 1, 0, 0, 1, 1]
            new = (channels, height + 2, width + 2)
            if self.opset < 11:
                self.node('Pad', [name], new, mode='reflect', pads=pads)
            else:
                self.node('Pad', [name, self.ints(pads)], new, mode='reflect')
            return 'Pad.*mode "reflect"'

        def crop():
            if self.opset < 10 or height < 2:
                raise Stuck
            self.slice([1], [2**31 - 1], [2], [1])
            return 'Slice.*part 1:'

        def gate():
            self.node('Mul', [name, self.pick(*self.same_shape())[0]], shape)
            return 'Mul.*both come from the image'

        def positions():
            if height * width == 1:
                raise Stuck
            self.node('Add', [name, self.constant(self.normal(1, 1, height, width))], shape)
            return 'Add.*different numbers for the pixels'

        def rows():
            if channels == 1:
                raise Stuck
            self.node('Concat', [name, name], (channels, 2 * height, width), axis=2)
            return 'Concat.*something else than channels'

        def gaps():
            if self.opset < 10 or min(height, width) < 4:
                raise Stuck
            self.node('MaxPool', [name], (channels, 0, 0), kernel_shape=[2, 2], dilations=[2, 2])
            return 'MaxPool.*gaps'

        def middle():
            if self.opset < 13 or channels * height * width == 1:
                raise Stuck
            self.node('Softmax', [name], shape, axis=1)
            return 'Softmax.*(before the end|does not hold all classes)'

        def larger():
            weights = self.constant(self.normal(channels, 2, 2, 2))
            self.node('ConvTranspose', [name, weights], (2, 0, 0), strides=[2, 2])
            return 'ConvTranspose.*larger'

        def means():
            if width == 1:
                raise Stuck
            if self.opset < 18:
                self.node('ReduceMean', [name], (channels, height, 1), axes=[3])
            else:
                self.node('ReduceMean', [name, self.ints([3])], (channels, height, 1))
            if height == 1:
                raise Stuck
            return 'ReduceMean.*not the height and the width'

        def own_norm():
            scale, shift = self.constant(np.ones(channels)), self.constant(np.zeros(channels))
            self.node('InstanceNormalization', [name, scale, shift], shape)
            return 'InstanceNormalization.*by its own numbers'

        def shuffle():
            if channels < 4 or channels % 2:
                raise Stuck
            half = channels // 2
            self.node('Reshape', [name, self.ints([0, 2, half, height, width])], (2, half, height))
            self.values.pop()
            self.node('Transpose', [self.value[0]], (half, 2, height), perm=[0, 2, 1, 3, 4])
            self.values.pop()
            self.node('Reshape', [self.value[0], self.ints([0, channels, height, width])], shape)
            return 'Reshape.*cuts an axis'

        options = [leaky, smooth, quantised, hard, ones, mirrored, crop, gate, positions, rows, gaps, middle, larger, means, own_norm, shuffle]
        self.refuse = self.pick(*options)()

    # The end -----------------------------------------------------------------------------------------------------

    def dense(self, outputs):
        name, shape, _ = self.value
        inputs = shape[0]
        weights = self.normal(inputs, outputs, scale=(2 / inputs) ** 0.5)
        kind = self.pick('gemm', 'gemm', 'matmul')
        if kind == 'matmul':
            self.node('MatMul', [name, self.constant(weights)], (outputs,))
            if self.chance(0.7):
                pair = [self.value[0], self.constant(self.normal(*self.pick((outputs,), (1, outputs))))]
                if self.chance(0.3):
                    pair.reverse()
                self.node('Add', pair, (outputs,))
            return
        attributes = {}
        if self.chance(0.6):
            attributes['transB'] = 1
            weights = weights.T
        if self.chance(0.2):
            attributes['alpha'] = 0.5
        inputs = [name, self.constant(np.ascontiguousarray(weights))]
        if self.opset < 11 or self.chance(0.7):
            inputs.append(self.constant(self.normal(*self.pick((outputs,), (1, outputs), (1,)))))
            if self.chance(0.2):
                attributes['beta'] = 2.0
        self.node('Gemm', inputs, (outputs,), **attributes)

    def end(self):
        name, (channels, height, width), positive = self.value
        kind = self.pick('flatten', 'reshape', 'shape', 'global', 'mean', 'global-conv', 'last-axis')
        if kind == 'last-axis':
            self.node('Transpose', [name], (height, width, channels), positive, perm=[0, 2, 3, 1])
            self.node('Flatten', [self.value[0]], (height * width * channels,), positive)
        elif kind == 'flatten':
            self.node('Flatten', [name], (channels * height * width,), positive, **self.pick({}, {'axis': 1}))
        elif kind == 'reshape':
            total = channels * height * width
            first = self.pick(0, self.batch or 0, -1)
            second = total if first == -1 else self.pick(-1, total)
            self.node('Reshape', [name, self.ints([first, second])], (total,), positive)
        elif kind == 'shape':
            if self.opset < 13:
                raise Stuck
            total = channels * height * width
            whole = self.name()
            self.nodes.append(helper.make_node('Shape', [name], [whole]))
            first = self.name()
            self.nodes.append(helper.make_node('Gather', [whole, self.ints(0)], [first], axis=0))
            row = self.name()
            self.nodes.append(helper.make_node('Unsqueeze', [first, self.ints([0])], [row]))
            target = self.name()
            self.nodes.append(helper.make_node('Concat', [row, self.ints([-1])], [target], axis=0))
            self.node('Reshape', [name, target], (total,), positive)
        elif kind == 'global':
            self.node('GlobalAveragePool', [name], (channels, 1, 1), positive)
            self.node('Flatten', [self.value[0]], (channels,), positive)
        elif kind == 'mean':
            keep = self.pick(0, 1)
            axes = self.pick([2, 3], [-1, -2])
            shape = (channels, 1, 1) if keep else (channels,)
            if self.opset < 18:
                self.node('ReduceMean', [name], shape, positive, axes=axes, keepdims=keep)
            else:
                self.node('ReduceMean', [name, self.ints(axes)], shape, positive, keepdims=keep)
            if keep:
                if self.opset < 13:
                    self.node('Squeeze', [self.value[0]], (channels,), positive, axes=[2, 3])
                else:
                    self.node('Squeeze', [self.value[0], self.ints([2, 3])], (channels,), positive)
        else:
            out = int(self.rng.integers(2, 6))
            self.node('Conv', [name, self.constant(self.normal(out, channels, 1, 1))], (out, height, width))
            if self.chance(0.5):
                self.node('Relu', [self.value[0]], self.value[1], True)
            self.node('GlobalAveragePool', [self.value[0]], (out, 1, 1))
            self.node('Flatten', [self.value[0]], (out,))
            return
        for _ in range(int(self.rng.integers(0, 2))):
            self.dense(int(self.rng.integers(2, 9)))
            if self.chance(0.3):
                self.norm()
            self.relu()
        self.dense(int(self.rng.integers(2, 6)))

    # The model ---------------------------------------------------------------------------------------------------

    def port(self):
        channels, height, width = self.image
        shape = [height, width, channels] if self.channels_last else [channels, height, width]
        return helper.make_tensor_value_info('image', TensorProto.FLOAT, [self.batch or 'N', *shape])

    def model(self, nodes=(), output=None, shape=None):
        output = output or self.value[0]
        graph = helper.make_graph(
            [*self.nodes, *nodes],
            'random',
            [self.port()],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self.tensors,
        )
        ir = 4 if self.opset < 11 else 8
        return helper.make_model(graph, ir_version=ir, opset_imports=[helper.make_opsetid('', self.opset)])

    def infer(self):
        """Takes the shape of the value from onnxruntime, which also says whether the node is sound."""
        try:
            found = self.run(np.zeros(self.input_shape(), np.float32)).shape
        except Exception as error:
            raise Stuck from error
        if any(size < 1 for size in found) or np.prod(found) > 40_000:
            raise Stuck
        self.value = (self.value[0], tuple(int(s) for s in found[1:]), self.value[2])
        self.values[-1] = self.value

    def input_shape(self):
        channels, height, width = self.image
        return (self.batch or 3, *((height, width, channels) if self.channels_last else (channels, height, width)))

    def run(self, images):
        session = onnxruntime.InferenceSession(
            self.model().SerializeToString(), options(), providers=['CPUExecutionProvider']
        )
        return session.run(None, {'image': images})[0]

    def attempt(self, layer):
        before = (len(self.nodes), len(self.tensors), len(self.values), self.value, self.opset, self.refuse)
        try:
            layer()
            self.infer()
            return True
        except Stuck:
            nodes, tensors, values, self.value, self.opset, self.refuse = before
            del self.nodes[nodes:], self.tensors[tensors:], self.values[values:]
            return False


def options():
    found = onnxruntime.SessionOptions()
    found.log_severity_level = 4
    found.intra_op_num_threads = 1
    found.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return found


def random_graph(seed):
    graph = Graph(seed)
    layers = [graph.conv] * 5 + [graph.norm] * 2 + [graph.relu] * 5 + [graph.pool] * 2
    layers += [graph.add] * 2 + [graph.concat, graph.scale, graph.pad, graph.option_a, graph.nothing]
    graph.attempt(graph.conv)
    wanted = int(graph.rng.integers(2, 12))
    refused_at = int(graph.rng.integers(wanted)) if graph.chance(0.25) else None
    for at in range(wanted):
        graph.attempt(graph.pick(*layers))
        if at == refused_at and graph.values:
            graph.attempt(graph.wrong)
    while not graph.attempt(graph.end):
        pass
    return graph


def make(seed, folder, file):
    # Outputs near zero, of larger numbers that cancel out, are rounding errors for the most part.
    for attempt in itertools.count():
        graph = random_graph([*seed, attempt])
        images = graph.rng.uniform(-1, 1, graph.input_shape()).astype(np.float32)
        expected = graph.run(images)
        if np.abs(expected).max() > 0.05:
            break
    nodes, output = (), graph.value[0]
    if graph.chance(0.2):
        output = 'probabilities'
        axis = {} if graph.chance(0.5) else {'axis': graph.pick(1, -1)}
        nodes = (helper.make_node(graph.pick('Softmax', 'LogSoftmax'), [graph.value[0]], [output], **axis),)
    model = graph.model(nodes, output, [graph.batch or 'N', expected.shape[1]])
    onnx.checker.check_model(model)
    if graph.chance(0.2):
        onnx.save(model, folder / file, save_as_external_data=True, location=f'{file}.data', size_threshold=0)
    else:
        onnx.save(model, folder / file)
    if not graph.channels_last:
        images = images.transpose(0, 2, 3, 1)
    return {
        'file': file,
        'opset': graph.opset,
        'operators': sorted({node.op_type for node in graph.nodes}),
        'refused': graph.refuse,
        'input': {'shape': list(images.shape), 'values': base64_of(images)},
        'output': {'shape': list(expected.shape), 'values': base64_of(expected)},
    }


if __name__ == '__main__':
    target, count, first = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    target.mkdir(parents=True, exist_ok=True)
    cases = [make([first, at], target, f'{at}.onnx') for at in range(count)]
    (target / 'cases.json').write_text(json.dumps(cases))
    print(f'{len(cases)} graphs, {sum(case["refused"] is not None for case in cases)} of them to be refused')
