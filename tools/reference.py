"""Reference values and polynomial coefficients for the special functions (needs mpmath; never a product dependency).

    python3 tools/reference.py minimax          print the coefficients used in compiler/src/special
    python3 tools/reference.py tables           rewrite compiler/tests/reference/*.tsv (40 digits)
"""

import pathlib
import random
import sys

from mpmath import (mp, mpf, asinh, besselk, chop, cos, cosh, exp, findroot, linspace, log, log1p, lu_solve, matrix, nstr,
                    pi, quad, sqrt)

OUT = pathlib.Path(__file__).resolve().parent.parent / "compiler" / "tests" / "reference"


def minimax(f, weight, degree, a, b):
    """Remez exchange: the polynomial p of this degree that minimises max |weight (p - f)| on [a, b]."""
    n = degree + 2
    x = [(a + b) / 2 - (b - a) / 2 * cos(pi * k / (n - 1)) for k in range(n)]
    for _ in range(12):
        system, right = matrix(n, n), matrix(n, 1)
        for i in range(n):
            for j in range(degree + 1):
                system[i, j] = x[i] ** j
            system[i, degree + 1] = (-1) ** i / weight(x[i])
            right[i] = f(x[i])
        solution = lu_solve(system, right)
        c = [solution[j] for j in range(degree + 1)]
        error = lambda t: weight(t) * (sum(c[j] * t ** j for j in range(degree + 1)) - f(t))
        grid = linspace(a, b, 40 * n)
        values = [error(t) for t in grid]
        peaks = []
        for k, v in enumerate(values):
            if peaks and v * peaks[-1][1] > 0:
                if abs(v) > abs(peaks[-1][1]):
                    peaks[-1] = (grid[k], v)
            else:
                peaks.append((grid[k], v))
        while len(peaks) > n:
            peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
        x = [p[0] for p in peaks]
        if len(x) < n:
            raise ArithmeticError("the error does not alternate often enough")
    return c, max(abs(v) for v in values)


def show(name, c, error):
    print(f"{name}: weighted error {nstr(error, 3)}")
    for v in c:
        print(f"    {float(v)!r},")


def print_coefficients():
    mp.dps = 50
    h = log(2) / 2 * (1 + mpf(10) ** -6)
    tail = lambda r: (exp(r) - 1 - r) / r ** 2 if abs(r) > mpf(10) ** -15 else mpf(1) / 2 + r / 6
    for name, degree in [("EXP weight f32", 3), ("EXP f32", 4), ("EXP f64", 9)]:
        show(name, *minimax(tail, lambda r: r ** 2 * exp(-r) + mpf(10) ** -12, degree, -h, h))
    a, b = sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1
    cubic = lambda f: (log1p(f) - f + f ** 2 / 2) / f ** 3 if abs(f) > mpf(10) ** -12 else mpf(1) / 3 - f / 4
    show("LOG f32", *minimax(cubic, lambda f: abs(f) ** 2 + mpf(10) ** -9, 7, a, b))
    s_max = b / (2 + b)
    atanh = lambda z: (log((1 + sqrt(z)) / (1 - sqrt(z))) - 2 * sqrt(z)) / (sqrt(z) * z) if z > mpf(10) ** -20 else mpf(2) / 3 + 2 * z / 5
    show("LOG f64", *minimax(atanh, lambda z: z + mpf(10) ** -9, 6, mpf(0), s_max ** 2 * (1 + mpf(10) ** -6)))


if __name__ == "__main__":
    {"minimax": print_coefficients}[sys.argv[1]]()
