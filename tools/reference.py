"""Reference values and polynomial coefficients for the special functions (needs mpmath; never a product dependency).

    python3 tools/reference.py minimax          print the coefficients used in compiler/src/special
    python3 tools/reference.py tables           rewrite compiler/tests/reference/*.tsv (40 digits)
"""

import pathlib
import random
import struct
import sys

from mpmath import besselk, cos, exp, linspace, log, log1p, lu_solve, matrix, mp, mpf, nstr, pi, sqrt

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
    half = mpf(1) / 2 * (1 + mpf(10) ** -6)
    slope = lambda f: (2 ** f - 1) / f if abs(f) > mpf(10) ** -20 else log(2)
    for name, degree in [("EXP2 f32", 4), ("EXP2 f64", 10)]:
        show(name, *minimax(slope, lambda f: abs(f) * 2 ** -f + mpf(10) ** -12, degree, -half, half))
    a, b = sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1
    cubic = lambda f: (log1p(f) - f + f ** 2 / 2) / f ** 3 if abs(f) > mpf(10) ** -12 else mpf(1) / 3 - f / 4
    show("LOG f32", *minimax(cubic, lambda f: abs(f) ** 2 + mpf(10) ** -9, 7, a, b))
    s_max = b / (2 + b)
    odd = lambda s: (log((1 + s) / (1 - s)) - 2 * s) / s ** 3 if s > mpf(10) ** -10 else mpf(2) / 3 + 2 * s ** 2 / 5
    atanh = lambda z: odd(sqrt(z))
    show("LOG f64", *minimax(atanh, lambda z: z + mpf(10) ** -9, 6, mpf(0), s_max ** 2 * (1 + mpf(10) ** -6)))


    # x = 3/z - 1 runs from 1 to -1 while z runs from 3/2 to infinity.
    z = lambda x: 3 / (x + 1)
    log_k1 = lambda x: log(sqrt(2 * z(x) / pi) * exp(z(x)) * besselk(1, z(x)))
    r0 = lambda x: besselk(0, z(x)) / besselk(1, z(x))
    for precision, degree in [("f32", 9), ("f64", 26)]:
        show("LOG_K1 " + precision, *chebyshev(log_k1, degree))
        show("R0 " + precision, *chebyshev(r0, degree))


def chebyshev(f, degree):
    """Powers of x of the Chebyshev series of f on [-1, 1] cut at this degree, and the sum of what was cut."""
    n = 2 * degree
    angles = [pi * (k + mpf(1) / 2) / n for k in range(n)]
    values = [f(cos(a)) for a in angles]
    c = [mpf(2 if j else 1) / n * sum(v * cos(j * a) for v, a in zip(values, angles)) for j in range(n)]
    before, this, powers = [mpf(1)], [mpf(0), mpf(1)], [c[0], c[1]] + [mpf(0)] * (degree - 1)
    for j in range(2, degree + 1):
        following = [mpf(0)] + [2 * t for t in this]
        for i, b in enumerate(before):
            following[i] -= b
        before, this = this, following
        for i, t in enumerate(this):
            powers[i] += c[j] * t
    return powers, sum(abs(v) for v in c[degree + 1:])


def f32(x):
    """x rounded to a number that both f32 and f64 hold."""
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def write(name, header, rows):
    """Rows end in exact values, each printed to 40 digits and followed by what rounding it to f64 leaves over."""
    with open(OUT / name, "w") as out:
        out.write("# made by tools/reference.py tables; value and value - f64(value)\n# " + "\t".join(header) + "\n")
        for arguments, values in rows:
            cells = [repr(a) for a in arguments]
            for v in values:
                cells += [nstr(v, 40, min_fixed=0, max_fixed=0), nstr(v - mpf(float(v)), 10)]
            out.write("\t".join(cells) + "\n")


def write_tables():
    mp.dps = 60
    OUT.mkdir(parents=True, exist_ok=True)
    rng = random.Random(20230404)
    # Every second argument has a full f64 mantissa, the others are f32 numbers.
    cut = lambda xs: [f32(x) if i % 2 else float(x) for i, x in enumerate(xs)]
    xs = cut([rng.uniform(-0.4, 0.4) for _ in range(300)] + [rng.uniform(-86, 88) for _ in range(500)]
             + [rng.uniform(-104, -86) for _ in range(100)] + [rng.uniform(-745, 709) for _ in range(300)])
    draw = random.Random(20230405)
    twos = [draw.uniform(-127, 127) for _ in range(500)] + [draw.uniform(-1022, 1023) for _ in range(300)]
    write("exp2.tsv", ["x", "exp2", "tail"], [((x,), (mpf(2) ** mpf(x),)) for x in cut(twos)])
    write("exp.tsv", ["x", "exp", "tail"], [((x,), (exp(mpf(x)),)) for x in xs])
    xs = cut([2 ** rng.uniform(-126, 128) for _ in range(300)] + [2 ** rng.uniform(-1022, 1024) for _ in range(200)]
             + [rng.uniform(0.6, 1.6) for _ in range(500)] + [1 + rng.uniform(-1e-3, 1e-3) for _ in range(200)])
    write("log.tsv", ["x", "log", "tail"], [((x,), (log(mpf(x)),)) for x in xs])
    xs = cut([2 ** rng.uniform(-100, 100) for _ in range(300)] + [rng.uniform(0, 2) for _ in range(300)])
    write("log1p.tsv", ["x", "log1p", "tail"], [((x,), (log1p(mpf(x)),)) for x in xs])
    write("bessel_k_integer.tsv", ["n", "z", "log K_n", "tail", "K_n/K_(n+1)", "tail"], integer_rows(random.Random(20230405)))
    write("bessel_k.tsv", ["n", "z", "log K_(n+1/2)", "tail", "K_(n+1/2)/K_(n+3/2)", "tail"], bessel_rows(rng))


def bessel_rows(rng):
    for n in [0, 1, 2, 3, 5, 6, 7, 8, 12, 18, 19, 20, 21, 22, 31, 63, 127, 391, 767, 1000, 1534, 1535, 1536]:
        zs = [f32(mpf(10) ** e) for e in range(-8, 9)] + [f32((n + 1) * 2 ** rng.uniform(-6, 6)) for _ in range(20)]
        for z in sorted(zs):
            low, high = log_k(n, mpf(z)), log_k(n + 1, mpf(z))
            yield (n, z), (low, exp(low - high))


def integer_rows(rng):
    for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 19, 20, 21, 22, 23, 64, 128, 392, 1000, 1535, 1536]:
        zs = [f32(mpf(10) ** e) for e in range(-8, 9)] + [f32(rng.uniform(1.4, 1.6)), f32(1.5)]
        zs += [f32((n + 1) * 2 ** rng.uniform(-6, 6)) for _ in range(20)]
        for z in sorted(zs):
            low, high = log_integer_k(n, mpf(z)), log_integer_k(n + 1, mpf(z))
            yield (n, z), (low, exp(low - high))


def log_integer_k(n, z):
    """Upward recurrence of K, which is stable, from mpmath's K_0 and K_1; scaled by exp(z)."""
    before, this = [besselk(j, z) if z < 1000 else tail_of_k(j, z) for j in (0, 1)]
    shift = -z if z >= 1000 else 0
    if n == 0:
        return log(before) + shift
    for j in range(1, n):
        before, this = this, before + 2 * j / z * this
    return log(this) + shift


def tail_of_k(nu, z):
    """exp(z) K_nu(z) by DLMF 10.40.2, for large z."""
    term = total = mpf(1)
    for j in range(1, 200):
        term *= (4 * nu ** 2 - (2 * j - 1) ** 2) / (8 * j * z)
        total += term
        if abs(term) < mpf(10) ** -70:
            break
    return total * sqrt(pi / (2 * z))


def log_k(n, z):
    """The logarithm of DLMF 10.47.9 with 10.49.12: a finite sum of positive terms."""
    term = total = mpf(1)
    for k in range(n):
        term *= mpf(n + k + 1) * (n - k) / ((k + 1) * 2 * z)
        total += term
    return log(pi / (2 * z)) / 2 - z + log(total)


if __name__ == "__main__":
    {"minimax": print_coefficients, "tables": write_tables}[sys.argv[1]]()
