"""Times image synthesis in PyTorch, for synthesis.mjs: prints {"mode", "rate"} as JSON, the faster memory format.

    python synthesis_bench.py --network VGG16 --threads 2 --batch 50 --iterations 10

An iteration jitters the images, takes the cross-entropy of a network with frozen weights and its gradient with respect
to the images, makes a step of Adam on them, and clips them. The rate is images times iterations by second.
"""

import argparse
import json
import time

import torch

from spikingjelly_bench import CHANNELS


def network(name):
    """The same network with ReLUs."""
    channels, hidden = CHANNELS[name]
    modules, inputs, size = [], 3, 32
    for outputs in channels:
        if outputs == "A":
            modules.append(torch.nn.AvgPool2d(2))
            size //= 2
        else:
            modules += [torch.nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), torch.nn.ReLU()]
            inputs = outputs
    modules += [
        torch.nn.Flatten(),
        torch.nn.Linear(inputs * size * size, hidden, bias=False),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, 10, bias=False),
    ]
    for module in modules:
        if hasattr(module, "weight"):
            torch.nn.init.kaiming_normal_(module.weight)
    return torch.nn.Sequential(*modules).requires_grad_(False)


def rate(name, memory_format, batch, iterations):
    torch.manual_seed(0)
    net = network(name).to(memory_format=memory_format)
    images = (torch.rand(batch, 3, 32, 32) * 2 - 1).contiguous(memory_format=memory_format)
    images.requires_grad_(True)
    optimizer = torch.optim.Adam([images], lr=0.02)
    labels = torch.arange(batch) % 10

    def iterate():
        dy, dx, flip = (int(torch.randint(*bounds, ())) for bounds in ((-3, 4), (-3, 4), (0, 2)))
        seen = torch.roll(images.flip(3) if flip else images, (dy, dx), (2, 3))
        loss = torch.nn.functional.cross_entropy(net(seen), labels, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            images.clamp_(-1, 1)

    seconds = []
    for _ in range(2 + iterations):
        start = time.perf_counter()
        iterate()
        seconds.append(time.perf_counter() - start)
    return batch / min(seconds[2:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=CHANNELS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--iterations", type=int, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    formats = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}
    rates = {mode: rate(a.network, f, a.batch, a.iterations) for mode, f in formats.items()}
    mode = max(rates, key=rates.get)
    print(json.dumps({"mode": mode, "rate": rates[mode]}))


if __name__ == "__main__":
    main()
