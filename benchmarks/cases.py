"""What is compared: the cases, their sizes, what is aimed at, and who takes part."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    """One kind of work. Sizes are (replicas, steps); the peers are asked for less, as they take longer."""

    name: str
    precision: str
    title: str
    unit: str
    size: tuple[int, int]
    peer_size: tuple[int, int]
    # Aimed at, per second and core with AVX-512.
    target: float | None = None

    @property
    def key(self):
        return f"{self.name} {self.precision}"


ESCAPE = "Double-well escape, U = x⁴ − 2x², β = 3, Δt = 0.005, from 1 to −0.5"
STEPS = "trajectory-steps/s"

CASES = [
    Case("double-well", "f64", f"{ESCAPE}; Euler–Maruyama", STEPS, (200_000, 0), (10_000, 0), 1.0e9),
    Case("double-well", "f32", f"{ESCAPE}; Euler–Maruyama", STEPS, (400_000, 0), (10_000, 0), 2.0e9),
    Case("double-well-formula", "f64", f"{ESCAPE}; U typed by a user", STEPS, (200_000, 0), (0, 0)),
    Case("double-well-formula", "f32", f"{ESCAPE}; U typed by a user", STEPS, (400_000, 0), (0, 0)),
    Case("double-well-heun", "f64", f"{ESCAPE}; Heun, crossings corrected", STEPS, (100_000, 0), (0, 0)),
    Case("ou", "f64", "Ornstein–Uhlenbeck as SGD, η = 0.1, s = 0.5", STEPS, (100_000, 10_000), (100_000, 500), 1.2e9),
    Case("ou", "f32", "Ornstein–Uhlenbeck as SGD, η = 0.1, s = 0.5", STEPS, (100_000, 10_000), (100_000, 500), 2.4e9),
    Case("softmax", "f32", "Softmax regression of the digits, B = 32, 1000 models", "updates/s",
         (1000, 1000), (100, 1000), 6.0e5),
    Case("normals", "f64", "Normal variates", "variates/s", (100_000, 10_000), (1_000, 10_000)),
    Case("normals", "f32", "Normal variates", "variates/s", (100_000, 10_000), (1_000, 10_000)),
    Case("stable", "f64", "Symmetric α-stable variates, α = 1.5", "variates/s", (10_000, 10_000), (500, 10_000)),
    Case("stable", "f32", "Symmetric α-stable variates, α = 1.5", "variates/s", (20_000, 10_000), (500, 10_000)),
]

# Cases also measured on two threads.
ON_TWO = {"double-well f64", "double-well f32", "ou f64", "ou f32", "softmax f32"}

# A second thread must give this much, where it has a core of its own.
TWO_THREADS = 1.9
# A typed formula may cost this much more than a landscape by hand.
FORMULA_COST = 2.5
# 10⁸ replicas may take this much memory.
MEMORY = (100_000_000, 300 * 1024)

# diffrax is a hundred times slower than the rest.
DIFFRAX_SIZES = {"double-well f32": (100, 0), "ou f32": (10_000, 200)}
# One model or replica after the other: slower than the vectorised ones, and no faster on more of them.
NUMBA_SIZES = {"softmax f32": (40, 1000)}
