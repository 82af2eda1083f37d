"""The sweeps of `basin bench sweep` in PyTorch on the CPU: one run, since runs there go one after the other.

    python3 bench/peers/sweepPytorch.py '[{"key": "…", "widths": [20, 64, 64, 10], "batch": 8, "momentum": 0}]' [--rounds 3]

Plain eager steps: the batch is gathered from a data set of 2,048 examples by a permutation drawn each epoch. Milliseconds a
step by the difference of two run lengths. One thread: more only slow down nets so small. JSON on standard output.
"""

import argparse
import json
import time

import torch

EXAMPLES = 2048
SHORT, LONG = 100, 600

parser = argparse.ArgumentParser()
parser.add_argument("cases", type=json.loads)
parser.add_argument("--rounds", type=int, default=3)
options = parser.parse_args()

torch.manual_seed(1)
torch.set_num_threads(1)


def trainer(widths, batch, momentum):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    sgd = torch.optim.SGD(model.parameters(), lr=0.02, momentum=momentum)
    x = torch.randn(EXAMPLES, widths[0])
    y = torch.randint(widths[-1], (EXAMPLES,))

    def run(steps):
        order = torch.randperm(EXAMPLES)
        at = 0
        for _ in range(steps):
            if at + batch > EXAMPLES:
                order, at = torch.randperm(EXAMPLES), 0
            chosen = order[at : at + batch]
            at += batch
            sgd.zero_grad()
            torch.nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
            sgd.step()

    return run


def seconds(run, steps):
    started = time.perf_counter()
    run(steps)
    return time.perf_counter() - started


samples = {}
for case in options.cases:
    run = trainer(case["widths"], case["batch"], case["momentum"])
    run(SHORT)
    samples[case["key"]] = [
        1000 * (seconds(run, LONG) - seconds(run, SHORT)) / (LONG - SHORT) for _ in range(options.rounds)
    ]
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "samples": samples}))
