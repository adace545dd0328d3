//! Adaptive panels on which the scale and speed densities of a diffusion are resolved, kept as logarithms.
//!
//! At low temperature the densities span hundreds of orders of magnitude: every sum below is of positive terms and
//! stays in logarithms, so it neither overflows nor cancels.

use super::TheoryError;
use super::process::Process;
use super::quadrature::{COLLOCATION, NODES, PanelValues, dot, log_add};

const MOST_PANELS: usize = 60_000;
/// The largest variation of ln(density) in a panel: the small end then keeps 1e-12 of its own size.
const LARGEST_RANGE: f64 = 4.0;

/// Which panels a mesh holds, in the coordinate u = direction·x.
pub(super) struct Mesh {
    /// Left ends, and the last right end.
    pub(super) edges: Vec<f64>,
    /// ln(scale density) at the nodes.
    pub(super) scale: Vec<PanelValues>,
    /// ln(speed density) at the nodes.
    pub(super) speed: Vec<PanelValues>,
    direction: f64,
    potential_at_end: f64,
}

struct Panel {
    scale: PanelValues,
    speed: PanelValues,
    potential_at_end: f64,
    /// The largest relative size of what the panel does not resolve; infinite where a density varies too much.
    unresolved: f64,
    /// What rounding of the functions alone may leave unresolved.
    noise_floor: f64,
    wall: bool,
}

/// Below this, panels whose halves are no better have reached the rounding of the user's functions.
const NOISE_FLOOR: f64 = 1e-9;
const TOLERANCE: f64 = 1e-13;
/// −ln of the share of the weight that may be left out, 1e-18.
const NEGLIGIBLE: f64 = 41.5;
const MIDPOINTS: f64 = 256.0;

impl Mesh {
    /// A mesh without panels that starts at `start` and looks along `direction` (1 or −1) of x.
    pub(super) fn new(direction: f64, start: f64) -> Self {
        Self { edges: vec![start], scale: vec![], speed: vec![], direction, potential_at_end: 0.0 }
    }

    pub(super) fn panels(&self) -> usize {
        self.scale.len()
    }

    fn end(&self) -> f64 {
        self.edges[self.panels()]
    }

    /// The x of node `j` of `panel`.
    pub(super) fn node(&self, panel: usize, j: usize) -> f64 {
        let (left, right) = (self.edges[panel], self.edges[panel + 1]);
        self.direction * (0.5 * (left + right) + 0.5 * (right - left) * COLLOCATION.nodes[j])
    }

    #[allow(clippy::needless_range_loop, reason = "several arrays share the index of the node")]
    fn sample(&self, process: &Process<'_>, left: f64, right: f64) -> Result<Panel, TheoryError> {
        let rule = &*COLLOCATION;
        let half = 0.5 * (right - left);
        let mut potential = [0.0; NODES];
        let mut slope = [0.0; NODES];
        let mut log_diffusion = [0.0; NODES];
        for j in 0..NODES {
            let point = process.at(self.direction * (0.5 * (left + right) + half * rule.nodes[j]))?;
            potential[j] = point.potential;
            slope[j] = point.slope * self.direction;
            log_diffusion[j] = point.log_diffusion;
        }
        // A wall may begin between the last node and the end.
        let wall = potential.contains(&f64::INFINITY)
            || process.has_potential() && process.at(self.direction * right)?.potential == f64::INFINITY;
        let mut panel = Panel {
            scale: [0.0; NODES],
            speed: [0.0; NODES],
            potential_at_end: 0.0,
            unresolved: if wall { f64::INFINITY } else { 0.0 },
            noise_floor: NOISE_FLOOR
                .max(16.0 * f64::EPSILON * potential.iter().fold(0.0f64, |m, p| m.max(p.abs()))),
            wall,
        };
        if wall {
            return Ok(panel);
        }
        if !process.has_potential() {
            panel.potential_at_end = self.potential_at_end + half * dot(&rule.weights, &slope);
            panel.unresolved = half * rule.unresolved(&slope);
            for j in 0..NODES {
                potential[j] = self.potential_at_end + half * dot(&rule.from_left[j], &slope);
            }
        }
        for j in 0..NODES {
            (panel.scale[j], panel.speed[j]) = process.log_scale_and_speed(potential[j], log_diffusion[j]);
        }
        for log in [&panel.scale, &panel.speed] {
            let (low, high) = range(log);
            let unresolved = rule.unresolved(&log.map(|v| (v - high).exp()));
            let small = high - low <= LARGEST_RANGE;
            panel.unresolved = panel.unresolved.max(if small { unresolved } else { f64::INFINITY });
        }
        Ok(panel)
    }

    fn push(&mut self, right: f64, panel: &Panel) {
        self.edges.push(right);
        self.scale.push(panel.scale);
        self.speed.push(panel.speed);
        self.potential_at_end = panel.potential_at_end;
    }

    /// Adds panels up to `right`, halving until the densities are resolved; `false` if a wall came before it.
    pub(super) fn extend(&mut self, process: &Process<'_>, right: f64) -> Result<bool, TheoryError> {
        let span = right - self.edges[0];
        // Each end comes with what the panel that was halved there left unresolved.
        let mut ends = vec![(right, f64::INFINITY)];
        while let Some(&(end, before)) = ends.last() {
            let left = self.end();
            let panel = self.sample(process, left, end)?;
            let width = end - left;
            let middle = 0.5 * (left + end);
            let smallest = 1e-14 * span.abs().max(left.abs()).max(end.abs());
            let stalled = panel.unresolved < panel.noise_floor && panel.unresolved > 0.25 * before;
            let resolved = panel.unresolved <= TOLERANCE || stalled;
            if resolved || (width <= smallest && !panel.wall) || middle <= left || middle >= end {
                if panel.wall {
                    return Ok(false);
                }
                self.push(end, &panel);
                ends.pop();
            } else if panel.wall && width <= smallest {
                return Ok(false);
            } else {
                ends.push((middle, panel.unresolved));
            }
            if self.panels() > MOST_PANELS {
                return Err(TheoryError::TooFine {
                    what: "the adaptive mesh",
                    limit: MOST_PANELS * NODES,
                    remedy: "is the process confined, and are its functions piecewise smooth?",
                });
            }
        }
        Ok(true)
    }

    /// Adds panels until the speed density beyond is below 1e-18 of what lies between here and there.
    pub(super) fn extend_to_infinity(
        &mut self,
        process: &Process<'_>,
        scale: f64,
    ) -> Result<(), TheoryError> {
        let first = self.panels();
        let start = self.end();
        let mut width = scale / 16.0;
        let mut total = f64::NEG_INFINITY;
        let mut previous = f64::NEG_INFINITY;
        for _ in 0..600 {
            let before = self.panels();
            let end = self.end() + width;
            let unbounded = || TheoryError::Unbounded {
                towards: self.direction * f64::INFINITY,
                reached: self.direction * end,
            };
            if !end.is_finite() {
                return Err(unbounded());
            }
            match self.extend(process, end) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(TheoryError::TooFine { .. }) if self.is_still_falling(first) => {
                    let towards = self.direction * f64::INFINITY;
                    return Err(TheoryError::Unbounded { towards, reached: self.direction * self.end() });
                }
                Err(error) => return Err(error),
            }
            let mass = self.log_integral(&self.speed, before..self.panels());
            total = log_add(total, mass);
            let negligible = mass < total - NEGLIGIBLE && previous < total - NEGLIGIBLE && mass < previous;
            if negligible && !self.falls_beyond(process, first, self.end() - start) {
                return Ok(());
            }
            previous = mass;
            width *= 1.3;
        }
        Err(TheoryError::Unbounded {
            towards: self.direction * f64::INFINITY,
            reached: self.direction * self.end(),
        })
    }

    /// Whether the speed density is at its largest at the end.
    fn is_still_falling(&self, first: usize) -> bool {
        let highest = |panel: &PanelValues| range(panel).1;
        let Some(last) = self.speed.last() else { return false };
        self.speed[first.min(self.panels() - 1)..].iter().all(|panel| highest(panel) <= highest(last) + 50.0)
    }

    /// Whether a coarse look beyond the end finds weight that counts (a further well, or the way to −∞).
    fn falls_beyond(&self, process: &Process<'_>, first: usize, scale: f64) -> bool {
        let highest = self.speed[first..].iter().fold(f64::NEG_INFINITY, |m, panel| m.max(range(panel).1));
        let mut potential = self.potential_at_end;
        let mut distance = 0.0;
        for k in 0..30 {
            let next = scale * 1e-2 * 1.25f64.powi(k);
            let point = |offset: f64| process.at(self.direction * (self.end() + offset));
            // Far out a function may overflow; what is not finite there carries no weight.
            let Ok(there) = point(next) else { break };
            if process.has_potential() {
                potential = there.potential;
            } else {
                // Midpoints dense enough not to take a corrugation for a slope.
                let step = (next - distance) / MIDPOINTS;
                for m in 0..MIDPOINTS as usize {
                    let Ok(middle) = point(distance + (m as f64 + 0.5) * step) else { break };
                    potential += middle.slope * self.direction * step;
                }
            }
            if process.log_scale_and_speed(potential, there.log_diffusion).1 > highest - NEGLIGIBLE {
                return true;
            }
            distance = next;
        }
        false
    }

    /// The same panels, each cut in two.
    pub(super) fn refined(&self, process: &Process<'_>) -> Result<Self, TheoryError> {
        let mut finer = Self::new(self.direction, self.edges[0]);
        for panel in 0..self.panels() {
            let (left, right) = (self.edges[panel], self.edges[panel + 1]);
            let middle = 0.5 * (left + right);
            // A panel of a few rounding units around a jump has no middle worth sampling.
            let ends: &[f64] = if middle > left && middle < right { &[middle, right] } else { &[right] };
            for &end in ends {
                let sampled = finer.sample(process, finer.end(), end)?;
                finer.push(end, &sampled);
            }
        }
        Ok(finer)
    }

    /// ln ∫ e^{log_density} over a range of panels.
    pub(super) fn log_integral(&self, log_density: &[PanelValues], panels: std::ops::Range<usize>) -> f64 {
        panels.fold(f64::NEG_INFINITY, |sum, p| log_add(sum, self.log_panel(&log_density[p], p)))
    }

    fn log_panel(&self, log_density: &PanelValues, panel: usize) -> f64 {
        let (_, high) = range(log_density);
        if high == f64::NEG_INFINITY {
            return high;
        }
        let half = 0.5 * (self.edges[panel + 1] - self.edges[panel]);
        high + (half * dot(&COLLOCATION.weights, &log_density.map(|v| (v - high).exp()))).ln()
    }

    /// ln ∫ of the density from the left end of the mesh to every node.
    pub(super) fn cumulative_from_left(&self, log_density: &[PanelValues]) -> Vec<PanelValues> {
        let mut before = f64::NEG_INFINITY;
        (0..self.panels())
            .map(|p| {
                let inside = self.inside(&log_density[p], p, &COLLOCATION.from_left);
                let values = inside.map(|v| log_add(before, v));
                before = log_add(before, self.log_panel(&log_density[p], p));
                values
            })
            .collect()
    }

    /// ln ∫ of the density from every node to the right end of the mesh.
    pub(super) fn cumulative_from_right(&self, log_density: &[PanelValues]) -> Vec<PanelValues> {
        let mut beyond = f64::NEG_INFINITY;
        let mut values: Vec<PanelValues> = (0..self.panels())
            .rev()
            .map(|p| {
                let inside = self.inside(&log_density[p], p, &COLLOCATION.from_right);
                let values = inside.map(|v| log_add(beyond, v));
                beyond = log_add(beyond, self.log_panel(&log_density[p], p));
                values
            })
            .collect();
        values.reverse();
        values
    }

    fn inside(&self, log_density: &PanelValues, panel: usize, matrix: &[PanelValues; NODES]) -> PanelValues {
        let (_, high) = range(log_density);
        if high == f64::NEG_INFINITY {
            return [high; NODES];
        }
        let half = 0.5 * (self.edges[panel + 1] - self.edges[panel]);
        let density = log_density.map(|v| (v - high).exp());
        std::array::from_fn(|j| high + (half * dot(&matrix[j], &density)).max(0.0).ln())
    }
}

fn range(values: &PanelValues) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)))
}

/// Node by node, on every panel.
pub(super) fn combine(a: &[PanelValues], b: &[PanelValues], f: impl Fn(f64, f64) -> f64) -> Vec<PanelValues> {
    a.iter().zip(b).map(|(a, b)| std::array::from_fn(|j| f(a[j], b[j]))).collect()
}
