"""NIST's reference sets for linear least squares, with the values it certifies.

Statistical Reference Datasets, https://www.itl.nist.gov/div898/strd/lls/lls.shtml.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.support.paths import ROOT
from tests.support.runs import Array

FOLDER = ROOT / "tests" / "data" / "nist"


@dataclass(frozen=True)
class Reference:
    """A set and its certified values, the intercept first."""

    file: str
    degree: int
    """Powers of the one column; 1 for columns as they are."""
    intercept: bool
    estimates: tuple[float, ...]
    errors: tuple[float, ...]
    residual_sd: float
    r2: float
    f: float

    def rows(self) -> tuple[Array, Array]:
        """X (n, d) and y (n, 1)."""
        table = np.loadtxt(FOLDER / self.file, delimiter=",", skiprows=1)
        X = table[:, 1:]
        if self.degree > 1:
            X = X ** np.arange(1, self.degree + 1)
        return X, table[:, :1]


NORRIS = Reference(
    "norris.csv",
    1,
    True,
    (-0.262323073774029, 1.00211681802045),
    (0.232818234301152, 0.000429796848199937),
    0.884796396144373,
    0.999993745883712,
    5436385.54079785,
)
NO_INTERCEPT = Reference(
    "noint1.csv",
    1,
    False,
    (2.07438016528926,),
    (0.0165289256198347,),
    3.56753034006338,
    0.999365492298663,
    15750.2500000000,
)
LONGLEY = Reference(
    "longley.csv",
    1,
    True,
    (
        -3482258.63459582,
        15.0618722713733,
        -0.0358191792925910,
        -2.02022980381683,
        -1.03322686717359,
        -0.0511041056535807,
        1829.15146461355,
    ),
    (
        890420.383607373,
        84.9149257747669,
        0.0334910077722432,
        0.488399681651699,
        0.214274163161675,
        0.226073200069370,
        455.478499142212,
    ),
    304.854073561965,
    0.995479004577296,
    330.285339234588,
)
FILIP = Reference(
    "filip.csv",
    10,
    True,
    (
        -1467.48961422980,
        -2772.17959193342,
        -2316.37108160893,
        -1127.97394098372,
        -354.478233703349,
        -75.1242017393757,
        -10.8753180355343,
        -1.06221498588947,
        -0.0670191154593408,
        -0.00246781078275479,
        -0.0000402962525080404,
    ),
    (
        298.084530995537,
        559.779865474950,
        466.477572127796,
        227.204274477751,
        71.6478660875927,
        15.2897178747400,
        2.23691159816033,
        0.221624321934227,
        0.0142363763154724,
        0.000535617408889821,
        0.00000896632837373868,
    ),
    0.00334801051324544,
    0.996727416185620,
    2162.43954511489,
)
WAMPLER1 = Reference("wampler1.csv", 5, True, (1.0,) * 6, (0.0,) * 6, 0.0, 1.0, np.inf)
WAMPLER2 = Reference(
    "wampler2.csv", 5, True, (1.0, 0.1, 0.01, 0.001, 0.0001, 0.00001), (0.0,) * 6, 0.0, 1.0, np.inf
)
