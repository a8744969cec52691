"""Makes resnet18.safetensors, resnet20.safetensors and resnets-reference.json: state dicts of residual networks in two namings, and the logits
that PyTorch gives for one batch. Run with torch 2.8, safetensors 0.8 and numpy in this folder:

    python pytorch_resnets.py
"""

import json

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, pad, relu


class PaddedBlock(nn.Module):
    """He 2016, option A, as usual implementations for CIFAR-10 write it."""

    def __init__(self, channels, planes, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.stride, self.added = stride, planes - channels

    def past(self, x):
        s, half = self.stride, self.added // 2
        return pad(x[:, :, ::s, ::s], (0, 0, 0, 0, half, self.added - half))

    def forward(self, x):
        h = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
        return relu(h + self.past(x))


class ProjectedBlock(PaddedBlock):
    """Torchvision's BasicBlock."""

    def __init__(self, channels, planes, stride):
        super().__init__(channels, planes, stride)
        self.downsample = None
        if stride != 1 or channels != planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)
            )

    def past(self, x):
        return x if self.downsample is None else self.downsample(x)


class ResNet(nn.Module):
    def __init__(self, block, stages, head, classes=4):
        super().__init__()
        channels = stages[0][0]
        self.conv1 = nn.Conv2d(3, channels, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.stages = []
        for i, (planes, blocks) in enumerate(stages):
            layers = []
            for j in range(blocks):
                layers.append(block(channels, planes, 2 if i > 0 and j == 0 else 1))
                channels = planes
            stage = nn.Sequential(*layers)
            self.add_module(f"layer{i + 1}", stage)
            self.stages.append(stage)
        self.add_module(head, nn.Linear(channels, classes))
        self.head = getattr(self, head)

    def forward(self, x):
        x = relu(self.bn1(self.conv1(x)))
        for stage in self.stages:
            x = stage(x)
        return self.head(adaptive_avg_pool2d(x, 1).flatten(1))


def state_dict(model, names):
    """Without the second name that `head` gives the last layer."""
    tensors = {k: v for k, v in model.state_dict().items() if not k.startswith("head.")}
    return {names(k): v.clone().contiguous() for k, v in tensors.items()}


torch.manual_seed(1)
networks = {
    "resnet20": (ResNet(PaddedBlock, [(2, 3), (4, 3), (8, 3)], "linear"), lambda k: f"module.{k}"),
    "resnet18": (ResNet(ProjectedBlock, [(2, 2), (4, 2), (8, 2), (16, 2)], "fc"), lambda k: k),
}
x = torch.rand(2, 3, 10, 9)
reference = {"images": np.round(x.permute(0, 2, 3, 1).flatten().double().numpy(), 7).tolist()}
for name, (model, names) in networks.items():
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.3)
            nn.init.normal_(module.running_mean, 0, 0.3)
            nn.init.uniform_(module.running_var, 0.3, 2)
    save_file(state_dict(model, names), f"{name}.safetensors")
    model.double().eval()
    with torch.no_grad():
        images = torch.tensor(reference["images"], dtype=torch.float64)
        logits = model(images.reshape(2, 10, 9, 3).permute(0, 3, 1, 2))
    reference[name] = logits.flatten().tolist()
with open("resnets-reference.json", "w") as file:
    json.dump(reference, file)
