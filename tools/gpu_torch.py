#!/usr/bin/env python3
"""Times fields in PyTorch, for `cargo bench --bench gpu`: log p and the velocity of weighted sums over all data points, in f32.

    tools/gpu_torch.py FOLDER [--device cuda|cpu]    the cases of FOLDER/cases.json; one line of JSON each
    tools/gpu_torch.py --check                       the formulas, by NumPy, and by PyTorch where it is installed

A case is {"name", "law", "dim", "sources", "queries", "t"}; its points are FOLDER/<index>.sources and FOLDER/<index>.queries, f32, row by
row. A line is {"name", "eager", "compiled", "v", "log_p", "why"}: seconds for all queries (null with the reason in `why`), and the results of
the first query, log p up to a constant. The mass m of Yukawa is 1.
"""

import json
import sys
import time
from pathlib import Path

import numpy

# A chunk of queries has at most so many numbers in its largest tensor.
NUMBERS = 1 << 28
# Up to this dimension distances are summed from differences; above, a matrix product pays.
FEW = 16
RUNS = 5


def log_kernel(xp, law, q, dim, t):
    """log g at squared distances q, up to a constant."""
    if law == "diffusion":
        return q * (-0.25 / t)
    if law == "poisson":
        return xp.log1p(q * (1 / t**2)) * (-0.5 * (dim + 1))
    if law == "yukawa" and dim == 2:
        rho = xp.sqrt(q + t * t)
        return xp.log1p(rho) - rho - 3 * xp.log(rho)
    raise ValueError(f"no formula for {law} in {dim} dimensions")


def field(xp, law, x, y, t):
    """log p up to a constant, v, and R/p where the law has births, at every row of x."""
    dim = x.shape[1]
    if dim <= FEW:
        q = ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)
    else:
        q = (x * x).sum(-1)[:, None] + (y * y).sum(-1)[None, :] - 2 * (x @ y.T)
        q = xp.clip(q, 0, None)
    log_g = log_kernel(xp, law, q, dim, t)
    largest = xp.amax(log_g, -1)
    weights = xp.exp(log_g - largest[:, None])
    total = weights.sum(-1)
    rate = 0.5 / t if law == "diffusion" else 1 / t
    v = (x - (weights @ y) / total[:, None]) * rate
    births = None
    if law == "yukawa":
        rho2 = q + t * t
        births = (weights * (rho2 / (1 + xp.sqrt(rho2)))).sum(-1) / (-t * total)
    return largest + xp.log(total), v, births


def seconds(run, synchronize):
    """The fastest of several runs, after one that does not count."""
    run()
    synchronize()
    fastest = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        run()
        synchronize()
        fastest = min(fastest, time.perf_counter() - started)
    return fastest


def measure(torch, device, case, sources, queries):
    """The line of a case."""
    torch.set_float32_matmul_precision("highest")
    y = torch.tensor(sources, device=device)
    x = torch.tensor(queries, device=device)
    widest = case["sources"] * (case["dim"] if case["dim"] <= FEW else 1)
    # A power of two, so that all chunks of one have the same shape.
    chunks = torch.split(x, min(len(x), 1 << max(1, NUMBERS // widest).bit_length() - 1))
    synchronize = torch.cuda.synchronize if device == "cuda" else lambda: None
    plain = lambda x: field(torch, case["law"], x, y, case["t"])
    compiled = torch.compile(plain, dynamic=False)
    line = {"name": case["name"], "eager": None, "compiled": None, "why": ""}
    for way, of in [("eager", plain), ("compiled", compiled)]:
        try:
            line[way] = seconds(lambda: [of(chunk) for chunk in chunks], synchronize)
        except Exception as e:  # whatever a compiler or a full memory raises is the reason
            line["why"] += f"{way}: {type(e).__name__}: {str(e).strip().splitlines()[:1]} "
    log_p, v, _ = plain(x[:1])
    return line | {"log_p": float(log_p[0]), "v": [float(c) for c in v[0]]}


def main(folder, device):
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no GPU")
    for index, case in enumerate(json.loads((folder / "cases.json").read_text())):
        read = lambda what: numpy.fromfile(folder / f"{index}.{what}", dtype="<f4").reshape(-1, case["dim"])
        line = measure(torch, device, case, read("sources"), read("queries"))
        print(json.dumps(line), flush=True)


def density(law, x, t):
    """p of a source at the origin, as textbooks have it: no logarithm, no common code with the above."""
    q, dim = float(x @ x), len(x)
    if law == "diffusion":
        return (4 * numpy.pi * t) ** (-dim / 2) * numpy.exp(-q / (4 * t))
    if law == "poisson":
        return t / (t * t + q) ** ((dim + 1) / 2)
    # Minus the derivative of exp(-rho)/rho by t, rho^2 = q + t^2.
    phi = lambda t: numpy.exp(-numpy.sqrt(q + t * t)) / numpy.sqrt(q + t * t)
    return (phi(t - 1e-4) - phi(t + 1e-4)) / 2e-4


def check():
    """log p against the textbook's sums, and d/dt p + div(p v) - R = 0 by differences."""
    random = numpy.random.default_rng(7)
    for law, dim in [("diffusion", 2), ("poisson", 2), ("poisson", 3), ("poisson", 20), ("yukawa", 2)]:
        y, x, t, h = random.normal(size=(5, dim)), random.normal(size=(3, dim)), 0.8, 1e-4
        p = lambda x, t: sum(density(law, x - source, t) for source in y)
        exact = numpy.array([numpy.log(p(row, t)) for row in x])
        log_p, v, births = field(numpy, law, x, y, t)
        assert numpy.ptp(log_p - exact) < 1e-6, (law, dim, log_p - exact)
        for i, row in enumerate(x):
            flux = lambda z: p(z, t) * field(numpy, law, z[None, :], y, t)[1][0]
            steps = numpy.eye(dim) * h
            divergence = sum((flux(row + e) - flux(row - e))[k] / (2 * h) for k, e in enumerate(steps))
            change = (p(row, t + h) - p(row, t - h)) / (2 * h)
            source = 0.0 if births is None else births[i] * p(row, t)
            size = abs(change) + abs(divergence)
            assert abs(change + divergence - source) < 1e-4 * size, (law, dim, change, divergence, source)
        print(f"{law}, N = {dim}: log p and the continuity equation hold")
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: its side was not run")
        return
    for law, dim in [("diffusion", 2), ("poisson", 3), ("poisson", 64), ("yukawa", 2)]:
        case = {"name": law, "law": law, "dim": dim, "sources": 500, "queries": 70, "t": 0.7}
        y, x = (random.normal(size=(n, dim)).astype("f4") for n in (500, 70))
        line = measure(torch, "cpu", case, y, x)
        expected = field(numpy, law, x.astype(float), y.astype(float), 0.7)[1][0]
        assert numpy.allclose(line["v"], expected, rtol=1e-3, atol=1e-4), (line, expected)
        print(json.dumps(line))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments == ["--check"]:
        check()
    elif len(arguments) in (1, 3) and arguments[1:2] in ([], ["--device"]):
        main(Path(arguments[0]), arguments[2] if len(arguments) == 3 else "cuda")
    else:
        sys.exit(__doc__)
