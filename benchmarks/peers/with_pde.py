"""The stationary law by py-pde: Fokker–Planck's equation in time, explicit Euler steps, from a law in both wells."""

import functools

import pde
from wells import BETA, HALF, distance_to_gibbs, serve

# By then the slowest mode that the symmetric start contains has decayed by e⁻²⁰.
HORIZON = 5.0
# Time steps over the squared width times β. Diffusion alone is stable up to ¼.
CAREFUL, LONGEST = 0.1, 0.24


@functools.cache
def start(cells):
    grid = pde.CartesianGrid([[-HALF, HALF]] * 2, [cells] * 2)
    return pde.ScalarField.from_expression(grid, "exp(-2*(x-1)**2 - 2*y**2) + exp(-2*(x+1)**2 - 2*y**2)")


@functools.cache
def stepper(cells, step):
    """Made once, as it is compiled each time it is made."""
    drift = "(4*x**3 - 4*x + 0.5*y)*d_dx(c) + (4*y + 0.5*x)*d_dy(c) + 12*x**2*c"
    equation = pde.PDE({"c": f"laplace(c)/{BETA} + {drift}"}, bc={"value": 0})
    return pde.ExplicitSolver(equation).make_stepper(start(cells), dt=step * (2 * HALF / cells) ** 2 * BETA)


def stationary(cells, step):
    law = start(cells).copy()
    stepper(cells, step)(law, 0.0, HORIZON)
    return lambda: {"distance": distance_to_gibbs(law.data)}


serve(
    {
        "stationary": functools.partial(stationary, step=CAREFUL),
        "stationary-longest": functools.partial(stationary, step=LONGEST),
    }
)
