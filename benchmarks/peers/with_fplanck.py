"""The stationary law by fplanck: its matrix, and the eigenvector of eigenvalue 0 by inverse iteration."""

import numpy as np
from scipy import constants
from wells import BETA, HALF, distance_to_gibbs, plane, serve

# fplanck 0.2.2 is older than NumPy 2, which took this name away.
np.product = np.prod
import fplanck  # noqa: E402


def stationary(cells):
    law = fplanck.fokker_planck(
        temperature=1 / (BETA * constants.k), drag=1.0, extent=[2 * HALF, 2 * HALF], resolution=2 * HALF / cells,
        boundary=fplanck.boundary.reflecting, potential=plane,
    ).steady_state()
    return lambda: {"distance": distance_to_gibbs(law)}


serve({"stationary": stationary})
