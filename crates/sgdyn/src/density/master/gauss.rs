//! The Gauss–Legendre rule by which cells are averaged.

/// Nodes on \[−1, 1\] and weights that sum to 1: exact to degree 11.
pub(super) const RULE: [(f64, f64); 6] = [
    (-0.932_469_514_203_152_1, 0.085_662_246_189_585_2),
    (-0.661_209_386_466_264_5, 0.180_380_786_524_069_3),
    (-0.238_619_186_083_196_9, 0.233_956_967_286_345_5),
    (0.238_619_186_083_196_9, 0.233_956_967_286_345_5),
    (0.661_209_386_466_264_5, 0.180_380_786_524_069_3),
    (0.932_469_514_203_152_1, 0.085_662_246_189_585_2),
];

/// Calls `visit` with node and weight of `pieces` equal pieces of an interval; the weights sum to 1.
pub(super) fn average(lower: f64, upper: f64, pieces: usize, mut visit: impl FnMut(f64, f64)) {
    let half = 0.5 * (upper - lower) / pieces as f64;
    for piece in 0..pieces {
        let middle = lower + half * (2 * piece + 1) as f64;
        for (node, weight) in RULE {
            visit(middle + half * node, weight / pieces as f64);
        }
    }
}

/// The same with three nodes a piece, exact to degree 5: for averages in two dimensions.
pub(super) fn average_coarsely(lower: f64, upper: f64, pieces: usize, mut visit: impl FnMut(f64, f64)) {
    let half = 0.5 * (upper - lower) / pieces as f64;
    for piece in 0..pieces {
        let middle = lower + half * (2 * piece + 1) as f64;
        for (node, weight) in [(-0.6_f64.sqrt(), 5.0 / 18.0), (0.0, 8.0 / 18.0), (0.6_f64.sqrt(), 5.0 / 18.0)]
        {
            visit(middle + half * node, weight / pieces as f64);
        }
    }
}
