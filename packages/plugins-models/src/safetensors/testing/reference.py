"""Writes reference.json: small files, and what the safetensors library says of each.

    pip install safetensors==0.8.0 numpy==2.4.6
    python reference.py > reference.json
"""

import base64
import copy
import json
import random
import struct

import numpy as np
from safetensors import deserialize
from safetensors.numpy import save

rng = random.Random(1)
TYPES = {
    'F4': 4, 'F6_E2M3': 6, 'F6_E3M2': 6, 'BOOL': 8, 'U8': 8, 'I8': 8, 'F8_E5M2': 8, 'F8_E4M3': 8, 'F8_E8M0': 8,
    'F8_E4M3FNUZ': 8, 'F8_E5M2FNUZ': 8, 'I16': 16, 'U16': 16, 'F16': 16, 'BF16': 16, 'I32': 32, 'U32': 32, 'F32': 32,
    'I64': 64, 'U64': 64, 'F64': 64, 'C64': 64,
}


def file(header, data=b'', length=None):
    text = header if isinstance(header, (str, bytes)) else json.dumps(header)
    text = text.encode() if isinstance(text, str) else text
    return struct.pack('<Q', len(text) if length is None else length) + text + data


def entry(shape, offsets, dtype='F32'):
    return {'dtype': dtype, 'shape': shape, 'data_offsets': offsets}


W = '"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
ONE = struct.pack('<f', 1.5)


def w(**fields):
    """The header of one tensor, with fields as they are written."""
    written = {'dtype': '"F32"', 'shape': '[1]', 'data_offsets': '[0,4]', **fields}
    return '{"w":{' + ','.join(f'"{key}":{value}' for key, value in written.items()) + '}}'


named = {
    'one tensor': file('{' + W + '}', ONE),
    'no tensor': file({}),
    'no header': file(''),
    'seven bytes': b'\2\0\0\0\0\0\0',
    'nothing': b'',
    'twice the same': file('{' + W + ',' + W + '}', ONE),
    'twice, other bytes': file('{' + W + ',' + W.replace('[0,4]', '[4,8]') + '}', ONE + ONE),
    'twice, escaped': file('{' + W + ',' + W.replace('"w"', '"\\u0077"').replace('[0,4]', '[4,8]') + '}', ONE + ONE),
    'metadata twice': file('{"__metadata__":{"a":"b"},"__metadata__":{"a":"b"},' + W + '}', ONE),
    'key of metadata twice': file('{"__metadata__":{"a":"b","a":"c"},' + W + '}', ONE),
    'field twice': file('{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    'another field': file(w(note='"x"'), ONE),
    'metadata': file('{"__metadata__":{"a":"b"},' + W + '}', ONE),
    'metadata null': file('{"__metadata__":null,' + W + '}', ONE),
    'metadata with a number': file('{"__metadata__":{"a":1},' + W + '}', ONE),
    'metadata as a list': file('{"__metadata__":[],' + W + '}', ONE),
    'size 1.0': file(w(shape='[1.0]'), ONE),
    'size 1e0': file(w(shape='[1e0]'), ONE),
    'size -1': file(w(shape='[-1]'), ONE),
    'size "1"': file(w(shape='["1"]'), ONE),
    'size true': file(w(shape='[true]'), ONE),
    'offset -0': file(w(data_offsets='[-0,4]'), ONE),
    'one offset': file(w(data_offsets='[0]'), ONE),
    'three offsets': file(w(data_offsets='[0,4,4]'), ONE),
    'offsets turned': file(w(data_offsets='[4,0]'), ONE),
    'shape null': file(w(shape='null'), ONE),
    'no type': file('{"w":{"shape":[1],"data_offsets":[0,4]}}', ONE),
    'type null': file(w(dtype='null'), ONE),
    'type f32': file(w(dtype='"f32"'), ONE),
    'type toString': file(w(dtype='"toString"'), ONE),
    'type __proto__': file(w(dtype='"__proto__"'), ONE),
    'type C128': file(w(dtype='"C128"'), ONE),
    'type as an object': file(w(dtype='{"F32":null}'), ONE),
    'entry null': file('{"w":null}'),
    'entry 5': file('{"w":5}'),
    'entry as a list': file('{"w":["F32",[1],[0,4]]}', ONE),
    'header as a list': file('[]'),
    'header null': file('null'),
    'space before': file(' {' + W + '}', ONE),
    'new line before': file('\n{' + W + '}', ONE),
    'byte order mark before': file('\ufeff{' + W + '}', ONE),
    'spaces after': file('{' + W + '}    ', ONE),
    'tab and new line after': file('{' + W + '}\n\t\r', ONE),
    'NUL after': file('{' + W + '}\0\0', ONE),
    'x after': file('{' + W + '}x', ONE),
    'comma after': file('{' + W + ',}', ONE),
    'comment': file('{/* */' + W + '}', ONE),
    'gap at the beginning': file({'w': entry([1], [4, 8])}, ONE + ONE),
    'gap': file({'w': entry([1], [0, 4]), 'v': entry([1], [8, 12])}, ONE * 3),
    'bytes after': file({'w': entry([1], [0, 4])}, ONE + b'\0'),
    'bytes after no tensor': file({}, b'1'),
    'shared': file({'w': entry([1], [0, 4]), 'v': entry([1], [0, 4])}, ONE),
    'shared in part': file({'w': entry([2], [0, 8]), 'v': entry([1], [4, 8])}, ONE + ONE),
    'inside another': file({'w': entry([3], [0, 12]), 'v': entry([1], [4, 8])}, ONE * 3),
    'beyond the file': file({'w': entry([2], [0, 8])}, ONE),
    'not in order': file({'w': entry([1], [4, 8]), 'v': entry([1], [0, 4])}, ONE + ONE),
    'scalar': file({'w': entry([], [0, 4])}, ONE),
    'empty tensors': file({'w': entry([0], [0, 0]), 'v': entry([1], [0, 4]), 'u': entry([0, 3], [4, 4])}, ONE),
    'empty tensor inside another': file({'v': entry([1], [0, 4]), 'w': entry([0], [2, 2])}, ONE),
    'overflow': file({'w': entry([2**31, 2**31, 2**31, 0], [0, 0])}),
    'overflow by the type': file({'w': entry([2**31, 2**31], [0, 0], 'F64')}),
    'size 2**64': file({'w': entry([2**64], [0, 0])}),
    'lone surrogate': file('{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    'lone surrogate in metadata': file('{"__metadata__":{"a":"\\udc00"},' + W + '}', ONE),
    'not UTF-8': file(b'{"\xff":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    'control character': file(b'{"a\x01":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    'name empty': file({'': entry([1], [0, 4])}, ONE),
    'name __proto__': file('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', ONE),
    'name constructor': file({'constructor': entry([1], [0, 4])}, ONE),
    'name of another script': file({'重み.ñ': entry([1], [0, 4])}, ONE),
    'header too long': file('{}', length=100_000_001),
    'header beyond the file': file('{}', length=100_000_000),
    'length of 64 ones': file('{}', length=2**64 - 1),
    'nested 127 deep': file(w(note='[' * 125 + ']' * 125), ONE),
    'nested 128 deep': file(w(note='[' * 126 + ']' * 126), ONE),
    'number too large': file(w(note='1e999'), ONE),
}
for name, bits in TYPES.items():
    for count in (1, 3, 4, 8):
        size = count * bits // 8
        bounds = entry([count], [0, size], name)
        named[f'{count} of {name}'] = file({'w': bounds}, bytes(range(size)))
    named[f'{name}, a byte too many'] = file({'w': entry([8], [0, bits + 1], name)}, bytes(bits + 1))
    named[f'{name} among others'] = file(
        {'a': entry([2], [0, 8]), 'x': entry([8], [8, 8 + bits], name), 'z': entry([1], [8 + bits, 12 + bits])},
        struct.pack('<2f', 1, -2) + bytes(bits) + struct.pack('<f', 3),
    )

arrays = {
    'conv1.weight': np.arange(-9, 9, dtype=np.float32).reshape(2, 1, 3, 3) / 7,
    'conv1.bias': np.array([0.1, -65504], np.float16),
    'step': np.array(3, np.int64),
    'mask': np.array([True, False]),
    'none': np.zeros((0, 4), np.float32),
    'double': np.array([1 / 3]),
}
named['numpy'] = save(arrays)
named['numpy with metadata'] = save(arrays, {'format': 'np'})
bf16 = np.array([1, -3.140625, 1e30], np.float32).view(np.uint16)[1::2].tobytes()
named['bfloat16'] = file({'w': entry([3], [0, 6], 'BF16')}, bf16)


def random_header():
    header, at = {}, 0
    for i in range(rng.randrange(1, 4)):
        dtype = rng.choice(list(TYPES))
        shape = [rng.choice([1, 2, 2, 4, 0]) for _ in range(rng.randrange(3))]
        size = TYPES[dtype] * int(np.prod(shape, dtype=int))
        size = size // 8 if size % 8 == 0 else 1
        header[f't{i}'] = entry(shape, [at, at + size], dtype)
        at += size
    return header, at


def change(header, size):
    """Another number, type, name or length, somewhere."""
    one = header[rng.choice(list(header))]
    what = rng.randrange(8)
    if what == 0 and one['shape']:
        one['shape'][rng.randrange(len(one['shape']))] = rng.randrange(5)
    elif what == 1:
        one['data_offsets'][rng.randrange(2)] += rng.choice([-8, -4, -1, 1, 4])
    elif what == 2:
        one['dtype'] = rng.choice(list(TYPES))
    elif what == 3:
        one['shape'].append(rng.choice([1, 2, 0]))
    elif what == 4:
        size += rng.choice([-1, 1, 4])
    elif what == 5:
        one[rng.choice(list(one))] = rng.choice([None, 1, 'F32', [], [0, 4], {}, True])
    elif what == 6:
        header['copy'] = copy.deepcopy(one)
    return max(size, 0)


for i in range(250):
    header, size = random_header()
    for _ in range(rng.randrange(3)):
        size = change(header, size)
    items = list(header.items())
    rng.shuffle(items)
    data = bytes(rng.randrange(64) for _ in range(size))
    named[f'random {i}'] = file(dict(items), data)
for i in range(150):
    header, size = random_header()
    broken = bytearray(file(header, bytes(size)))
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(broken))
        broken[at] = rng.choice([*b' \0{}[]",:0123456789F', rng.randrange(256)])
    named[f'broken {i}'] = bytes(broken)

NUMPY = {'F32': np.float32, 'F16': np.float16}


def values(info):
    """What weights of a type hold; None for types that weights may not have."""
    if info['dtype'] == 'BF16':
        raw = np.frombuffer(info['data'], np.uint16).astype(np.uint32) << 16
        numbers = raw.view(np.float32)
    elif info['dtype'] in NUMPY:
        numbers = np.frombuffer(info['data'], NUMPY[info['dtype']])
    else:
        return None
    return [float(n) if np.isfinite(n) else 'not finite' for n in numbers]


cases = []
for name, content in named.items():
    case = {'name': name, 'file': base64.b64encode(content).decode()}
    try:
        tensors = deserialize(content)
        case['tensors'] = {key: {'shape': info['shape'], 'values': values(info)} for key, info in tensors}
    except Exception as error:
        case['refused'] = str(error).removeprefix('Error while deserializing: ')
    cases.append(case)
print('[')
print(',\n'.join(json.dumps(case, ensure_ascii=True) for case in cases))
print(']')
