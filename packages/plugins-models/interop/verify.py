"""Runs the networks of reference.mjs in one library, with the loaders that lie beside them, and prints the largest
difference of the membrane potentials of the last layer at any time-step, as part of the largest potential.

    pip install -r packages/plugins-models/interop/norse.txt
    python packages/plugins-models/interop/verify.py FOLDER norse
"""
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import torch

folder, library = Path(sys.argv[1]), sys.argv[2]
worst = 0.0
for at in sorted((folder / library).iterdir(), key=lambda path: int(path.name)):
    reference = json.loads((at / "reference.json").read_text())
    if reference["refused"]:
        print(f"| {library} | {reference['name']} | refused: {reference['refused']} |")
        continue
    spec = importlib.util.spec_from_file_location("model", at / "model_network.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    pixels = torch.tensor(reference["pixels"]).reshape(reference["shape"]).permute(0, 3, 1, 2)
    potentials = model.Network().potentials(pixels.contiguous()).numpy()
    expected = np.array(reference["potentials"]).reshape(potentials.shape)
    difference = np.abs(potentials - expected).max() / np.abs(expected).max()
    worst = max(worst, difference)
    print(f"| {library} | {reference['name']} | {difference:.1e} |")
sys.exit(worst > 1e-3)
