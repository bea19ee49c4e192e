"""The answers of the starter's MATH-style problems, computed from the questions.

By search where that is possible, else by sympy.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from sympy import (
    Circle,
    Eq,
    Expr,
    I,
    Line,
    Matrix,
    Plane,
    Point,
    Point3D,
    Rational,
    Triangle,
    Tuple,
    arg,
    asin,
    cos,
    discriminant,
    expand,
    expand_trig,
    factorial,
    integrate,
    linsolve,
    maximum,
    oo,
    pi,
    rem,
    simplify,
    sin,
    solve,
    solve_univariate_inequality,
    sqrt,
    summation,
    symbols,
)

x, y, n = symbols("x y n", real=True)
die = range(1, 7)


def rad(degrees: int) -> Expr:
    """The angle in radians."""
    return pi * degrees / 180


ANSWERS: dict[str, Callable[[], object]] = {
    "algebra-taxi-fares": lambda: solve(7 * x - 19 - (3 * x + 33), x)[0],
    "algebra-function-chain": lambda: (lambda f, g: f(g(4)) - g(f(4)))(lambda t: 3 * t - 8, lambda t: t**2 + 5),
    "algebra-line-through-points": lambda: 2 + Rational(8 - 2, 11 - -1) * 11,
    "algebra-two-equations": lambda: Tuple(*next(iter(linsolve([5 * x + 2 * y - 41, 3 * x - 4 * y + 17], x, y)))),
    "algebra-quadratic-interval": lambda: (x**2 - 3 * x - 28 <= 0).as_set(),
    "algebra-expand-product": lambda: expand((2 * x + 5) * (x - 3) - (x - 1) ** 2),
    "algebra-exponent-equation": lambda: next(n for n in range(100) if 4 ** (n + 1) == 8**6),
    "algebra-work-rate": lambda: Rational(12 * 20, 12 + 20),
    "algebra-quadratic-roots": lambda: max(solve(x**2 - 10 * x + 18, x)),
    "algebra-theater-rows": lambda: 23 + Rational(58 - 23, 9 - 4) * (20 - 4),
    "algebra-parallel-line": lambda: Eq(y, solve(Line(Point(4, 5), slope=Rational(6, 2)).equation(x, y), y)[0]),
    "counting-menu": lambda: sum(1 for s in range(5) for m in range(7) for d in range(4) if (s == 0) != (d == 0)),
    "counting-two-dice": lambda: Rational(sum(max(a, b) == 4 for a in die for b in die), 36),
    "counting-committee": lambda: sum(
        1 for c in itertools.combinations(range(11), 4) if sum(member < 6 for member in c) == 2
    ),
    "counting-letters": lambda: len(set(itertools.permutations("KAYAKS"))),
    "counting-marbles-drawn": lambda: Rational(
        sum((a < 5) != (b < 5) for a, b in itertools.permutations(range(12), 2)), 12 * 11
    ),
    "counting-three-digit": lambda: sum(len(set(str(n))) == 3 and "0" not in str(n) for n in range(100, 1000, 2)),
    "counting-coin-flips": lambda: Rational(
        sum(sum(flips) >= 5 for flips in itertools.product((0, 1), repeat=6)), 2**6
    ),
    "counting-expected-prize": lambda: Rational(12 + 3 * 5, 10),
    "counting-grid-paths": lambda: sum(
        sum(walk) == 4 and sum(walk[:4]) == 2 for walk in itertools.product((0, 1), repeat=9)
    ),
    "counting-shelf-together": lambda: sum(max(p[:3]) - min(p[:3]) == 2 for p in itertools.permutations(range(7))),
    "geometry-right-triangle": lambda: 20 + 21 + sqrt(20**2 + 21**2),
    "geometry-isosceles-angle": lambda: 38 + Rational(180 - 38, 2),
    "geometry-circle-in-square": lambda: 14**2 - pi * Rational(14, 2) ** 2,
    "geometry-equilateral-area": lambda: Triangle(Point(0, 0), Point(10, 0), Point(5, sqrt(10**2 - 5**2))).area,
    "geometry-similar-shadow": lambda: Rational(6, 4) * 26,
    "geometry-box-diagonal": lambda: Point3D(0, 0, 0).distance(Point3D(4, 6, 10)),
    "geometry-cylinder-volume": lambda: integrate(pi * 3**2 - pi * (3 * x / 8) ** 2, (x, 0, 8)),
    "geometry-trapezoid": lambda: solve((9 + 16) * x / 2 - 100, x)[0],
    "geometry-tangent-length": lambda: (
        Circle(Point(0, 0), 8).tangent_lines(Point(17, 0))[0].points[1].distance(Point(17, 0))
    ),
    "geometry-polygon-path": lambda: 4 * next(sides for sides in range(3, 1000) if (sides - 2) * 180 == 156 * sides),
    "intermediate-sum-of-squares": lambda: expand(sum(root**2 for root in solve(2 * x**2 - 14 * x + 9, x))),
    "intermediate-remainder": lambda: solve(rem(x**3 - 4 * x**2 + y * x - 5, x - 3, x) - 7, y)[0],
    "intermediate-complex-quotient": lambda: simplify((7 + 4 * I) / (2 - I)),
    "intermediate-logarithms": lambda: round(math.log2(48) - math.log2(3) + math.log(81, 3)),
    "intermediate-vertex-maximum": lambda: maximum(-3 * x**2 + 24 * x - 29, x),
    "intermediate-cubic-roots": lambda: sum(root**2 for root in solve(x**3 - 6 * x**2 + 3 * x + 10, x)),
    "intermediate-telescoping": lambda: sum(Rational(1, n * (n + 1)) for n in range(3, 12)),
    "intermediate-radical-equation": lambda: solve(sqrt(2 * x + 15) - x, x)[0],
    "intermediate-asymptotes": lambda: max(solve(discriminant(x**2 - y * x + 25, x), y)),
    "intermediate-inequality-union": lambda: solve_univariate_inequality((x - 6) / (x + 2) > 0, x, relational=False),
    "number-theory-gcd": lambda: max(d for d in range(1, 199) if 252 % d == 198 % d == 0),
    "number-theory-last-digit": lambda: (7**46 + 3**25) % 10,
    "number-theory-rectangles": lambda: sum(720 % a == 0 and a <= 720 // a for a in range(1, 721)),
    "number-theory-base-seven": lambda: int("352", 7),
    "number-theory-tins": lambda: 58 * 73 * 91 % 11,
    "number-theory-chinese-remainder": lambda: next(
        n for n in itertools.count(1) if n % 5 == 2 and n % 7 == 3 and n % 4 == 0
    ),
    "number-theory-lcm-lights": lambda: next(n for n in itertools.count(1) if n % 18 == n % 24 == n % 40 == 0),
    "number-theory-digit-sum": lambda: next(a for a in range(10) if int(f"5{a}38{a}4") % 9 == 0),
    "number-theory-modular-inverse": lambda: next(n for n in range(19) if 7 * n % 19 == 5),
    "number-theory-divide-by-ten": lambda: max(times for times in range(86) if factorial(85) % 10**times == 0),
    "prealgebra-order-of-operations": lambda: 84 - 6 * (17 - 9) + 3**2,
    "prealgebra-fraction-sum": lambda: Rational(5, 6) + Rational(3, 8) - Rational(1, 4),
    "prealgebra-percent-change": lambda: 405 / (Rational(125, 100) * Rational(90, 100)),
    "prealgebra-large-product": lambda: 36 * 24 - 527,
    "prealgebra-square-and-sum": lambda: 15**2 + 168,
    "prealgebra-average-speed": lambda: Rational(195 * 60, 2 * 60 + 30),
    "prealgebra-ratio-split": lambda: 378 * Rational(4, 2 + 3 + 4),
    "prealgebra-decimal-money": lambda: Rational("42.50") / 5 * 8,
    "prealgebra-mixed-number": lambda: (13 + Rational(1, 2)) / Rational(3, 4),
    "prealgebra-temperature-mean": lambda: Rational(sum([-6, 3, -1, 8, -9]), 5),
    "precalculus-exact-cosine": lambda: cos(rad(150)) + sin(rad(300)),
    "precalculus-sine-double": lambda: expand_trig(sin(2 * asin(Rational(5, 13)))),
    "precalculus-dot-product": lambda: solve(Matrix([4, x, -3]).dot(Matrix([5, 2, 8])), x)[0],
    "precalculus-determinant": lambda: Matrix([[7, -3], [4, 6]]).det(),
    "precalculus-polar-point": lambda: (abs(-3 + 3 * sqrt(3) * I), arg(-3 + 3 * sqrt(3) * I)),
    "precalculus-matrix-product": lambda: Matrix([[2, 5], [-1, 3]]) * Matrix([[4, 0], [1, -2]]),
    "precalculus-two-boats": lambda: Point(9, 0).distance(Point(15 * cos(rad(120)), 15 * sin(rad(120)))),
    "precalculus-sine-solutions": lambda: sum(sin(3 * rad(n)) == Rational(1, 2) for n in range(360)),
    "precalculus-distance-to-plane": lambda: Plane(Point3D(0, 0, 3), normal_vector=(2, -2, 1)).distance(
        Point3D(3, -1, 4)
    ),
    "precalculus-geometric-series": lambda: summation(18 * Rational(2, 3) ** n, (n, 0, oo)),
}
