//! Stationary densities of one-dimensional diffusions and their moments, by quadrature.

use super::TheoryError;
use super::mesh::Mesh;
use super::process::Process;
use super::quadrature::{COLLOCATION, NODES, log_add};

/// Where a process lives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// A reflecting wall below, if any.
    pub lower: Option<f64>,
    /// A reflecting wall above, if any.
    pub upper: Option<f64>,
    /// A point inside, best where the density is large, from which panels are laid.
    pub center: f64,
}

/// A normalised stationary density as a quadrature rule: `∫ f p dx ≈ Σ weights·f(nodes)`.
#[derive(Clone, Debug, PartialEq)]
pub struct StationaryDensity {
    nodes: Vec<f64>,
    weights: Vec<f64>,
    relative_error: f64,
}

impl StationaryDensity {
    /// `E f(X)`, for f that varies on the scale of the coefficients of the process.
    pub fn expectation(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.nodes.iter().zip(&self.weights).map(|(&x, w)| w * f(x)).sum()
    }

    /// `E X`.
    pub fn mean(&self) -> f64 {
        self.expectation(|x| x)
    }

    /// `Var X`.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        self.expectation(|x| (x - mean) * (x - mean))
    }

    /// The relative change of the variance when every panel is halved.
    pub fn relative_error(&self) -> f64 {
        self.relative_error
    }

    /// The nodes, `[n]`, not in order.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// The probabilities carried by the nodes, `[n]`; they sum to 1.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }
}

/// The stationary density without current, `p ∝ (1/D) exp(−∫U'/D)` for Itô noise, on `domain`.
///
/// # Errors
/// A centre outside the walls; [`TheoryError::Unbounded`] if the density cannot be normalised;
/// [`TheoryError::BadFunction`]; [`TheoryError::TooFine`].
/// ```
/// use sgdyn::theory::{Domain, Process, stationary_density};
/// let process = Process::gibbs(|x| 0.5 * x * x, 0.2)?;
/// let density = stationary_density(&process, Domain { lower: None, upper: None, center: 0.0 })?;
/// assert!((density.variance() - 0.2).abs() < 1e-13);
/// # Ok::<(), sgdyn::theory::TheoryError>(())
/// ```
pub fn stationary_density(process: &Process<'_>, domain: Domain) -> Result<StationaryDensity, TheoryError> {
    let Domain { lower, upper, center } = domain;
    let inside = lower.is_none_or(|wall| wall < center) && upper.is_none_or(|wall| center < wall);
    if !(inside && center.is_finite()) {
        let allowed = "a finite point between the walls";
        return Err(TheoryError::OutOfRange { name: "center", value: center, allowed });
    }
    let scale = match (lower, upper) {
        (Some(low), Some(high)) => high - low,
        (Some(wall), None) | (None, Some(wall)) => 2.0 * (wall - center).abs(),
        (None, None) => 1.0,
    };
    let mut halves = Vec::new();
    for (direction, wall) in [(-1.0, lower), (1.0, upper)] {
        let mut mesh = Mesh::new(direction, direction * center);
        match wall {
            None => mesh.extend_to_infinity(process, scale)?,
            Some(wall) => {
                for k in 1..=8 {
                    let end = center + (wall - center) * f64::from(k) / 8.0;
                    if !mesh.extend(process, direction * if k == 8 { wall } else { end })? {
                        break;
                    }
                }
            }
        }
        halves.push(mesh);
    }
    let coarse = assemble(&halves);
    let finer = halves.iter().map(|mesh| mesh.refined(process)).collect::<Result<Vec<_>, _>>()?;
    let mut density = assemble(&finer);
    density.relative_error = (coarse.variance() / density.variance() - 1.0).abs();
    Ok(density)
}

fn assemble(halves: &[Mesh]) -> StationaryDensity {
    let total = halves
        .iter()
        .fold(f64::NEG_INFINITY, |sum, mesh| log_add(sum, mesh.log_integral(&mesh.speed, 0..mesh.panels())));
    let (mut nodes, mut weights) = (Vec::new(), Vec::new());
    for mesh in halves {
        for panel in 0..mesh.panels() {
            let half = 0.5 * (mesh.edges[panel + 1] - mesh.edges[panel]);
            for j in 0..NODES {
                nodes.push(mesh.node(panel, j));
                weights.push(half * COLLOCATION.weights[j] * (mesh.speed[panel][j] - total).exp());
            }
        }
    }
    StationaryDensity { nodes, weights, relative_error: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Domain = Domain { lower: None, upper: None, center: 0.0 };

    #[test]
    fn closed_forms() {
        // D = T(1 + x²), U = x²/2: p ∝ (1 + x²)^{−1−1/(2T)}, a Student law with variance 1/(2ν' − 3), ν' = 1 + 1/(2T).
        let temperature = 0.1;
        let process = Process::state_dependent(|x| x, |x| temperature * (1.0 + x * x));
        let density = stationary_density(&process, LINE).unwrap();
        assert!((density.variance() * (2.0 * 6.0 - 3.0) - 1.0).abs() < 1e-11, "{}", density.variance());
        assert!(density.mean().abs() < 1e-14 && density.relative_error() < 1e-10);
        // Exponential law against a wall.
        let wall = Domain { lower: Some(0.0), upper: None, center: 1.0 };
        let density = stationary_density(&Process::gibbs(|x| 3.0 * x, 1.0).unwrap(), wall).unwrap();
        assert!((density.mean() * 3.0 - 1.0).abs() < 1e-13);
        assert!((density.variance() * 9.0 - 1.0).abs() < 1e-12);
        // Uniform between walls.
        let walls = Domain { lower: Some(-1.0), upper: Some(2.0), center: 0.0 };
        let density = stationary_density(&Process::gibbs(|_| 100.0, 1.0).unwrap(), walls).unwrap();
        assert!((density.variance() - 0.75).abs() < 1e-13);
    }

    #[test]
    fn double_well_at_low_temperature() {
        // mpmath.quad at β = 20, 30 digits.
        let process = Process::gibbs(|x: f64| x.powi(4) - 2.0 * x * x, 1.0 / 20.0).unwrap();
        let density = stationary_density(&process, LINE).unwrap();
        assert!((density.variance() / 0.986975054600083628 - 1.0).abs() < 1e-12, "{}", density.variance());
    }

    #[test]
    fn refuses_what_cannot_be_normalised() {
        let free = Process::gibbs(|_| 0.0, 1.0).unwrap();
        assert!(matches!(stationary_density(&free, LINE), Err(TheoryError::Unbounded { .. })));
        let outside = Domain { lower: Some(1.0), upper: None, center: 0.0 };
        assert!(stationary_density(&free, outside).is_err());
    }
}
