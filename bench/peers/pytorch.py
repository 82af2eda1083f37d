"""The cases of `basin bench step` and `bench peers` in PyTorch, float32 without TF32, beside Basin on one GPU.

    python3 bench/peers/pytorch.py --out pytorch.json [--device cuda|cpu] [--rounds 9]

Each sample repeats a case and waits for the device once; times are milliseconds of one repetition, medians over rounds.
A step is plain SGD on a 784-128-10 perceptron with ReLU and softmax cross-entropy; its sample is 20 steps and one reading
of the loss. Eager, and replayed as one CUDA graph, which is the nearest to a recorded program.
"""

import argparse
import json
import statistics
import time

import torch
from torch.func import functional_call, grad, jvp, vmap

parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
parser.add_argument("--rounds", type=int, default=9)
options = parser.parse_args()

torch.manual_seed(1)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
device = torch.device(options.device)
on_gpu = device.type == "cuda"
wait = torch.cuda.synchronize if on_gpu else (lambda: None)


def replayed(work):
    """`work` captured as a CUDA graph: its replay."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            work()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


def matmul(form, m, k, n):
    a = torch.rand((k, m) if form == "TN" else (m, k), device=device) * 2 - 1
    b = torch.rand((n, k) if form == "NT" else (k, n), device=device) * 2 - 1
    out = torch.empty(m, n, device=device)
    left, right = (a.T if form == "TN" else a), (b.T if form == "NT" else b)
    return lambda: torch.mm(left, right, out=out)


def total(length):
    x = torch.rand(length, device=device)
    return lambda: x.sum()


def perceptron(batch):
    model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).to(device)
    x = torch.rand(batch, 784, device=device)
    y = torch.randint(10, (batch,), device=device)
    return model, x, y


def step(batch):
    model, x, y = perceptron(batch)
    sgd = torch.optim.SGD(model.parameters(), lr=0.1)

    def work():
        sgd.zero_grad(set_to_none=False)
        torch.nn.functional.cross_entropy(model(x), y).backward()
        sgd.step()

    return work


def loss_of(model):
    def loss(parameters, x, y):
        return torch.nn.functional.cross_entropy(functional_call(model, parameters, (x,)), y)

    return loss, {name: p.detach() for name, p in model.named_parameters()}


def second_moments(batch):
    model, x, y = perceptron(batch)
    loss, parameters = loss_of(model)
    each = vmap(grad(lambda p, a, b: loss(p, a[None], b[None])), in_dims=(None, 0, 0))
    return lambda: {name: g.square().mean(0) for name, g in each(parameters, x, y).items()}


def hessian_product(batch):
    model, x, y = perceptron(batch)
    loss, parameters = loss_of(model)
    v = {name: torch.randn_like(p) for name, p in parameters.items()}
    return lambda: jvp(lambda p: grad(loss)(p, x, y), (parameters,), (v,))


shapes = [("NN", 256, 256, 256)] + [(form, m, k, n) for form in ("NN", "NT", "TN") for m, k, n in ((64, 784, 128), (512, 512, 512))]
if on_gpu:
    shapes += [(form, size, size, size) for size in (1024, 2048, 4096) for form in ("NN", "NT", "TN")]
cases = [(f"matmul {f} {m}×{k}×{n}", matmul(f, m, k, n), 50 if m < 2048 else 10) for f, m, k, n in shapes]
cases += [("sum of 4194304", total(1 << 22), 50)]
cases += [(f"MLP step B={b}", step(b), 20) for b in (64, 512)]
cases += [("second moments B=64", second_moments(64), 20), ("Hessian product B=64", hessian_product(64), 20)]

variants = []
for name, work, times in cases:
    variants.append((name, "eager", work, times))
    if on_gpu:
        try:
            variants.append((name, "CUDA graph", replayed(work), times))
        except RuntimeError as error:
            print(f"{name}: no CUDA graph: {str(error).splitlines()[0]}")

samples = {(name, kind): [] for name, kind, _, _ in variants}
for name, kind, work, times in variants:
    for _ in range(3):
        work()
wait()
for _ in range(options.rounds):
    for name, kind, work, times in variants:
        started = time.perf_counter()
        for _ in range(times):
            work()
        wait()
        samples[name, kind].append(1000 * (time.perf_counter() - started) / times)

rows = [
    {"case": name, "kind": kind, "medianMs": statistics.median(ms), "samplesMs": ms} for (name, kind), ms in samples.items()
]
for row in rows:
    print(f"{row['case']:<28} {row['kind']:<11} {row['medianMs']:.4f} ms")
report = {
    "bench": "pytorch",
    "torch": torch.__version__,
    "device": torch.cuda.get_device_name() if on_gpu else "cpu",
    "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    "rows": rows,
}
if options.out:
    with open(options.out, "w") as file:
        json.dump(report, file, indent=1)
