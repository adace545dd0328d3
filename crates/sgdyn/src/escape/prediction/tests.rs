//! Predictions against closed forms, quadrature and grids.

use super::super::testing::{formula, named_field};
use super::super::{ExploreOptions, ItoFunctions, WhiteNoise, explore, refine_saddle};
use super::*;
use crate::density::{
    Axis, DiffusionProcess, FirstPassage, Grid, Method, SparseSolver, Target, generator_until,
};
use crate::theory::{FarSide, Interpretation, Process, first_passage_time};

fn case(surface: &Surface, guess: &[f64], tangent: &[f64], from: &[f64]) -> EscapeCase {
    let options = SearchOptions::default();
    let saddle = refine_saddle(surface, guess, tangent, &options).unwrap();
    let ways = PassPath::over(surface, &saddle, &options).unwrap();
    let way = ways.into_iter().flatten().find(|way| distance(&way.minimum.position, from) < 0.1);
    EscapeCase::over_gates(surface, vec![way.unwrap()]).unwrap()
}

#[test]
fn the_quartic_double_well() {
    let surface = formula("x^4 - 2*x^2");
    let case = case(&surface, &[0.1], &[1.0], &[1.0]);
    let way = &case.gates()[0];
    assert_eq!(way.inflections.len(), 1);
    // c = 1/√3, s = 4/9 (physics), L' = 4c³ − 4c, L''' = 24c.
    let c = 1.0 / 3f64.sqrt();
    assert!((way.inflections[0].position[0] - c).abs() < 1e-13);
    assert!((way.switch_share() - 4.0 / 9.0).abs() < 1e-13);
    assert!((way.inflections[0].slope - (4.0 * c - 4.0 * c.powi(3))).abs() < 1e-12);
    assert!((way.inflections[0].third.abs() / (24.0 * c) - 1.0).abs() < 1e-3);
    // τ = (π/2√2) e^β.
    let kramers = case.predict(EscapeTheory::EyringKramers { inverse_temperature: 5.0 }, None).unwrap();
    let exact = std::f64::consts::PI / 8f64.sqrt() * 5f64.exp();
    assert!((kramers.time.to_far_well() / exact - 1.0).abs() < 1e-12);
    assert!(kramers.broken.is_empty());
    let same = case.predict(EscapeTheory::Sgld { diffusion: 0.2 }, None).unwrap();
    assert!((same.time.log_to_far_well - kramers.time.log_to_far_well).abs() < 1e-12);
    // (2π/h) exp[(2B/η)(s/8 + (1 − s)/4)], both prefactors.
    for (prefactor, curvature) in
        [(SgdPrefactor::ContinuousDensity, 4.0), (SgdPrefactor::ContinuousFlux, 8.0)]
    {
        let theory = EscapeTheory::Sgd { learning_rate: 0.01, batch_size: 1.0, prefactor };
        let sgd = case.predict(theory, None).unwrap();
        let exact =
            (2.0 * std::f64::consts::PI / curvature).ln() + 2.0 / 0.01 * (4.0 / 9.0 / 8.0 + 5.0 / 9.0 / 4.0);
        assert!((sgd.time.log_to_far_well - exact).abs() < 1e-11);
        assert_eq!(sgd.broken, [BrokenAssumption::VanishingNoise { reached: false }]);
    }
    let hot = case.predict(EscapeTheory::EyringKramers { inverse_temperature: 1.0 }, None).unwrap();
    assert!(matches!(hot.broken[..], [BrokenAssumption::SmallExponent { .. }]));
}

#[test]
fn corrections_and_other_theories_on_a_line() {
    let surface = formula("x^4 - 2*x^2");
    let quartic = case(&surface, &[0.1], &[1.0], &[1.0]);
    // Exact/Kramers = 1 + 3/(8β) + O(β⁻²) in the double well.
    assert!((quartic.temperature_correction().unwrap()[0] - 0.375).abs() < 1e-6);
    // S = ΔU/T from the steepest ascent.
    let white = WhiteNoise { field: named_field("double-well", &[]), diffusion: 0.1 };
    let paths = quartic.least_actions(&white, &ActionOptions::default()).unwrap();
    assert!((paths[0].action - 10.0).abs() < 1e-7, "{paths:?}");
    // A tilted well by quadrature at β = 400: what is left after κ/β is O(β⁻²).
    let tilted = formula("x^4 - 2*x^2 + 0.4*x");
    let tilted = case(&tilted, &[0.1], &[1.0], &[0.95]);
    let beta = 400.0;
    let process = Process::gibbs(|x: f64| x.powi(4) - 2.0 * x * x + 0.4 * x, 1.0 / beta).unwrap();
    let start = tilted.gates()[0].minimum.position[0];
    let exact = first_passage_time(&process, start, -1.0, FarSide::Infinite).unwrap();
    let kramers = tilted.predict(EscapeTheory::EyringKramers { inverse_temperature: beta }, None).unwrap();
    let ratio = (exact.log_mean - kramers.time.log_to_far_well).exp();
    let kappa = tilted.temperature_correction().unwrap()[0];
    assert!((ratio - 1.0 - kappa / beta).abs() < 5.0 / (beta * beta), "{ratio} {kappa}");
    // D = T·L with L = (x² − 1)² + ½: 2π/√(8·4·(1 + T)) · 3^(1/T + ½).
    let surface = formula("(x^2 - 1)^2 + 0.5");
    let case = case(&surface, &[0.1], &[1.0], &[1.0]);
    let power = case.predict(EscapeTheory::LossProportional { temperature: 0.02 }, None).unwrap();
    let wanted = (2.0 * std::f64::consts::PI / (32.0f64 * 1.02).sqrt()).ln() + 50.5 * 3f64.ln();
    assert!((power.time.log_to_far_well - wanted).abs() < 1e-11);
    assert!(power.broken.is_empty());
}

#[test]
fn all_gates_of_styblinski_tang_add() {
    let surface = Surface::of(&named_field("styblinski-tang", &[])).unwrap();
    let graph = explore(&surface, &[-4.0; 2], &[4.0; 2], &ExploreOptions::default()).unwrap();
    let deepest = (0..4).min_by(|a, b| graph.minima[*a].loss.total_cmp(&graph.minima[*b].loss)).unwrap();
    let case = EscapeCase::from_graph(&surface, &graph, deepest, &SearchOptions::default()).unwrap();
    assert_eq!(case.gates().len(), 2);
    let beta = 0.2;
    let both = case.predict(EscapeTheory::EyringKramers { inverse_temperature: beta }, None).unwrap();
    // One coordinate crosses, the other's curvature cancels: 2π/√(h|h_s|) e^{βΔU}, half of it for two gates.
    let value = |x: f64| 0.5 * (x.powi(4) - 16.0 * x * x + 5.0 * x);
    let barrier = value(0.1567312567803401) - value(-2.903534027771177);
    let curvature = |x: f64| 6.0 * x * x - 16.0;
    let product = curvature(-2.903534027771177) * curvature(0.1567312567803401).abs();
    let exact = (std::f64::consts::PI / product.sqrt()).ln() + beta * barrier;
    assert!((both.time.log_to_far_well - exact).abs() < 1e-12);
    assert!((both.by_gate[0].rate() * 2.0 / both.time.rate() - 1.0).abs() < 1e-12);
}

#[test]
fn the_curved_channel_against_finite_volumes() {
    // V = (x² − 1)²/4 + ½(1 + 3x²)y²: exact mean passage time on a grid against Eyring–Kramers with the transverse factor ½.
    let field = named_field("curved-channel", &[]);
    let surface = Surface::of(&field).unwrap();
    let case = case(&surface, &[0.1, 0.05], &[1.0, 0.0], &[-1.0, 0.0]);
    let mut ratios = Vec::new();
    for temperature in [0.05, 0.025, 0.0125] {
        let theory = EscapeTheory::EyringKramers { inverse_temperature: 1.0 / temperature };
        let kramers = case.predict(theory, None).unwrap();
        let formula = 2.0 * std::f64::consts::PI * (1.0f64 / (2.0 * 4.0)).sqrt() * (0.25 / temperature).exp();
        assert!((kramers.time.to_far_well() / formula - 1.0).abs() < 1e-10);
        ratios.push(grid_time(&field, temperature) / formula);
    }
    // The first correction is linear in ε, and extrapolated away.
    assert!(ratios[0] > ratios[1] && ratios[1] > ratios[2] && ratios[2] > 1.0, "{ratios:?}");
    assert!((2.0 * ratios[2] - ratios[1] - 1.0).abs() < 0.02, "{ratios:?}");
}

fn grid_time(field: &crate::landscape::Field<f64>, temperature: f64) -> f64 {
    let process = DiffusionProcess::langevin(field, 1.0 / temperature).unwrap();
    let grid = Grid::new(vec![Axis::uniform(-1.9, 1.1, 120), Axis::uniform(-1.2, 1.2, 80)]).unwrap();
    let target = Target::half_space(vec![-1.0, 0.0], -0.9);
    let (chain, cells) = generator_until(&process, &grid, Interpretation::Ito, &target).unwrap();
    let solver = SparseSolver::new(Method::Automatic, 1 << 30);
    let passage = FirstPassage::new(&chain, &solver).unwrap();
    let start = grid.cell_of(&[-1.0, 0.0]).unwrap();
    passage.mean[cells.iter().position(|cell| *cell == start).unwrap()]
}

#[test]
fn a_process_that_is_something_else_is_noticed() {
    let field = named_field("double-well", &[]);
    let surface = Surface::of(&field).unwrap();
    let case = case(&surface, &[0.1], &[1.0], &[1.0]);
    let white = WhiteNoise { field: field.clone(), diffusion: 0.2 };
    let theory = EscapeTheory::EyringKramers { inverse_temperature: 5.0 };
    assert!(case.predict(theory, Some(&white)).unwrap().broken.is_empty());
    let other = WhiteNoise { diffusion: 0.3, ..white };
    assert!(matches!(
        case.predict(theory, Some(&other)).unwrap().broken[..],
        [BrokenAssumption::VaryingNoise { .. }]
    ));
    let hessian = ItoFunctions {
        dimension: 1,
        drift: |p: &[f64], b: &mut [f64]| b[0] = 4.0 * p[0] - 4.0 * p[0].powi(3),
        tensor: |p: &[f64], d: &mut [f64]| d[0] = 0.005 * (12.0 * p[0] * p[0] - 4.0).abs(),
    };
    let broken = case.predict(theory, Some(&hessian)).unwrap().broken;
    assert!(broken.iter().any(|b| matches!(b, BrokenAssumption::VaryingNoise { .. })), "{broken:?}");
    let prefactor = SgdPrefactor::ContinuousDensity;
    let sgd = EscapeTheory::Sgd { learning_rate: 0.01, batch_size: 1.0, prefactor };
    let broken = case.predict(sgd, Some(&hessian)).unwrap().broken;
    assert_eq!(broken, [BrokenAssumption::VanishingNoise { reached: false }]);
    // Noise that keeps its minimum's value up to the inflection and the saddle's beyond does not vanish there.
    let switching = ItoFunctions {
        dimension: 1,
        drift: |p: &[f64], b: &mut [f64]| b[0] = 4.0 * p[0] - 4.0 * p[0].powi(3),
        tensor: |p: &[f64], d: &mut [f64]| d[0] = if 3.0 * p[0] * p[0] > 1.0 { 0.04 } else { 0.02 },
    };
    let broken = case.predict(sgd, Some(&switching)).unwrap().broken;
    assert!(!broken.iter().any(|b| matches!(b, BrokenAssumption::VanishingNoise { .. })), "{broken:?}");
    let broken = case.predict(sgd, Some(&white_at(&field))).unwrap().broken;
    assert!(broken.iter().any(|b| matches!(b, BrokenAssumption::NoiseUnlikeCurvature { .. })));
}

fn white_at(field: &crate::landscape::Field<f64>) -> WhiteNoise {
    WhiteNoise { field: field.clone(), diffusion: 0.2 }
}

#[test]
fn degenerate_gates_get_no_formula() {
    // A saddle of fourth order between two minima.
    let surface = formula("y^2 + x^8/8 - x^4/4");
    let case = case(&surface, &[0.05, 0.0], &[1.0, 0.0], &[1.0, 0.0]);
    let error = case.predict(EscapeTheory::EyringKramers { inverse_temperature: 5.0 }, None);
    assert!(matches!(error, Err(EscapeError::WrongKind { .. })), "{error:?}");
    assert!(EscapeCase::over_gates(&surface, Vec::new()).is_err());
}
