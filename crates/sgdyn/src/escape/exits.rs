//! The gates of a basin, and which of them lead into a target.

use super::saddle::saddles_around;
use super::vectors::{distance, norm, plus};
use super::{
    BrokenAssumption, CriticalPoint, EscapeError, PassPath, SearchOptions, Surface, descend,
    descents_from_saddle,
};

/// How far beside a saddle it is looked whether the target begins there, as a share of the way to it.
const BESIDE: f64 = 2e-4;
/// Places that are looked at between two points of a way.
const BETWEEN: usize = 8;
/// A side that falls forever is followed for so many lengths, at a hundredth of one a step.
const FALL: usize = 10_000;
/// Barriers that differ by less than this share are one, up to rounding.
const EQUAL: f64 = 1e-9;
/// A barrier behind a gate that is at most this share of the gate's own costs no time beside it.
const QUICK: f64 = 0.9;
/// Basins that are crossed behind a gate until the target must be met.
const BASINS_BEHIND: usize = 3;

/// The basin of a point, with the gates that were found in its rim.
#[derive(Clone)]
pub struct Basin {
    /// The minimum.
    pub minimum: CriticalPoint,
    gates: Vec<Gate>,
    surface: Surface,
    options: SearchOptions,
}

/// A saddle in the rim: the way up to it, and the way down behind it.
#[derive(Clone)]
struct Gate {
    way: PassPath,
    behind: Vec<Vec<f64>>,
}

/// A gate that leads into a target.
#[derive(Clone, Debug)]
pub struct Exit {
    /// The way to the saddle.
    pub way: PassPath,
    /// Whether the target begins at the saddle: it is reached in half the time, since from there either side is as likely.
    pub at_saddle: bool,
}

/// The gates of a basin as a target sorts them.
#[derive(Clone, Debug)]
pub struct Exits {
    /// Those that lead into it.
    pub exits: Vec<Exit>,
    /// What this breaks of the picture of one barrier between a minimum and its target.
    pub broken: Vec<BrokenAssumption>,
}

impl Basin {
    /// The basin that holds `start`, `[d]`. Gates are looked for by walks along the minimum's modes and the axes, both ways,
    /// and all around in two or three dimensions: they find those to which the walks lead, and no proof that these are all.
    ///
    /// # Errors
    /// What [`descend`] refuses: a start from which the loss falls without end, a dimension that does not fit. A start whose
    /// descent ends in no well.
    pub fn around(surface: &Surface, start: &[f64], options: &SearchOptions) -> Result<Self, EscapeError> {
        let minimum = descend(surface, start, options)?;
        if !minimum.is_bottom() {
            let needed = "an escape starts in the basin of a minimum";
            let (point, found) = (minimum.position, minimum.kind);
            return Err(EscapeError::WrongKind { what: "where the start descends to", point, found, needed });
        }
        let gates = gates_of(surface, &minimum, options)?;
        Ok(Self { minimum, gates, surface: surface.clone(), options: *options })
    }

    /// The number of gates.
    pub fn gates(&self) -> usize {
        self.gates.len()
    }

    /// The ways over its gates, the lowest first.
    ///
    /// # Errors
    /// [`EscapeError::NoGate`] if there is none.
    /// ```
    /// use sgdyn::escape::{Basin, SearchOptions, Surface};
    /// use sgdyn::landscape::named;
    ///
    /// let surface = Surface::of(&named("styblinski-tang", &std::collections::BTreeMap::new())?)?;
    /// let basin = Basin::around(&surface, &[2.7, 2.7], &SearchOptions::default())?;
    /// assert_eq!(basin.ways()?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ways(&self) -> Result<Vec<PassPath>, EscapeError> {
        if self.gates.is_empty() {
            return Err(EscapeError::NoGate { minimum: self.minimum.position.clone() });
        }
        Ok(self.gates.iter().map(|gate| gate.way.clone()).collect())
    }

    /// The gates that lead into a target: those behind which steepest descent enters it, be it after other basins that are
    /// left at once, over lower gates and lower barriers. A gate before whose top the target begins is none: that is no escape over it.
    ///
    /// # Errors
    /// Descents that fail.
    pub fn exits(&self, in_target: &dyn Fn(&[f64]) -> bool) -> Result<Exits, EscapeError> {
        let (mut exits, mut below_saddle, mut elsewhere) = (Vec::new(), 0, Vec::new());
        for gate in &self.gates {
            let way = &gate.way;
            let last = way.ascent.len() - 1;
            let beside = BESIDE * way.arc[last];
            let before: Vec<Vec<f64>> = (0..=last)
                .filter(|&point| way.arc[point] < way.arc[last] - beside)
                .map(|point| way.ascent[point].clone())
                .collect();
            if enters(&before, in_target) {
                below_saddle += 1;
            } else if in_target(&beyond(gate, beside)) {
                exits.push(Exit { way: way.clone(), at_saddle: true });
            } else if self.leads_into(gate, in_target)? {
                exits.push(Exit { way: way.clone(), at_saddle: false });
            } else {
                elsewhere.push(way.barrier());
            }
        }
        let lowest = exits.iter().map(|exit| exit.way.barrier()).fold(f64::INFINITY, f64::min);
        let mut broken = Vec::new();
        if below_saddle > 0 {
            broken.push(BrokenAssumption::TargetBelowSaddle { gates: below_saddle });
        }
        let not_higher: Vec<f64> =
            elsewhere.into_iter().filter(|barrier| *barrier <= (1.0 + EQUAL) * lowest).collect();
        if !not_higher.is_empty() && !exits.is_empty() {
            let below = lowest - not_higher.iter().copied().fold(f64::INFINITY, f64::min);
            broken.push(BrokenAssumption::GatesElsewhere { gates: not_higher.len(), below });
        }
        Ok(Exits { exits, broken })
    }

    fn leads_into(&self, gate: &Gate, in_target: &dyn Fn(&[f64]) -> bool) -> Result<bool, EscapeError> {
        if enters(&gate.behind, in_target) {
            return Ok(true);
        }
        let Some(far) = &gate.way.far else {
            // It falls forever: does it fall through the target?
            let last = gate.way.arc[gate.way.arc.len() - 1];
            return Ok(self.falls_into(&beyond(gate, 1e-2 * last), in_target));
        };
        let mut seen = vec![self.minimum.clone(), far.clone()];
        let mut front = vec![far.clone()];
        // Behind the gate the process goes on over what is lower than the gate, in times that are short against the first.
        for _ in 0..BASINS_BEHIND {
            let mut next = Vec::new();
            for bottom in &front {
                for behind in gates_of(&self.surface, bottom, &self.options)? {
                    let quick = behind.way.barrier() <= QUICK * gate.way.barrier();
                    if behind.way.saddle.loss >= gate.way.saddle.loss || !quick {
                        continue;
                    }
                    if enters(&behind.behind, in_target) {
                        return Ok(true);
                    }
                    if let Some(far) = behind.way.far
                        && !seen.iter().any(|known| known.is_same(&far, &self.options))
                    {
                        seen.push(far.clone());
                        next.push(far);
                    }
                }
            }
            front = next;
        }
        Ok(false)
    }

    fn falls_into(&self, start: &[f64], in_target: &dyn Fn(&[f64]) -> bool) -> bool {
        let mut point = start.to_vec();
        for _ in 0..FALL {
            if in_target(&point) {
                return true;
            }
            let gradient = self.surface.gradient(&point);
            let slope = norm(&gradient);
            if slope == 0.0 || !slope.is_finite() {
                return false;
            }
            point = plus(&point, -1e-2 * self.options.length / slope, &gradient);
        }
        false
    }
}

/// A point a little behind the saddle.
fn beyond(gate: &Gate, beside: f64) -> Vec<f64> {
    let saddle = &gate.way.saddle;
    let along = &saddle.eigenvectors[0];
    let [ahead, back] = [1.0, -1.0].map(|sign| plus(&saddle.position, sign * beside, along));
    let last = gate.way.ascent.len() - 1;
    // Away from where the way comes from.
    let from = &gate.way.ascent[last.saturating_sub(1)];
    if distance(&ahead, from) > distance(&back, from) { ahead } else { back }
}

/// The gates in the rim of a minimum's basin.
fn gates_of(
    surface: &Surface,
    minimum: &CriticalPoint,
    options: &SearchOptions,
) -> Result<Vec<Gate>, EscapeError> {
    let mut saddles: Vec<CriticalPoint> = Vec::new();
    for saddle in saddles_around(surface, minimum, options) {
        if !saddles.iter().any(|known| known.is_same(&saddle, options)) {
            saddles.push(saddle);
        }
    }
    let mut gates = Vec::new();
    for saddle in saddles {
        let mut ways = PassPath::over(surface, &saddle, options)?;
        let own = |way: &Option<PassPath>| {
            way.as_ref()
                .is_some_and(|way| distance(&way.minimum.position, &minimum.position) <= 1e3 * options.same())
        };
        let side = match [own(&ways[0]), own(&ways[1])] {
            [true, false] => 0,
            [false, true] => 1,
            // A saddle of another basin, or one inside this.
            _ => continue,
        };
        let [first, second] = descents_from_saddle(surface, &saddle, options)?;
        let behind = if side == 0 { second } else { first };
        let behind = behind.map_or_else(|_| Vec::new(), |path| path.points);
        if let Some(way) = ways[side].take() {
            gates.push(Gate { way, behind });
        }
    }
    gates.sort_by(|a, b| a.way.barrier().total_cmp(&b.way.barrier()));
    Ok(gates)
}

/// Whether a curve through these points meets the target.
fn enters(points: &[Vec<f64>], in_target: &dyn Fn(&[f64]) -> bool) -> bool {
    points.last().is_some_and(|last| in_target(last))
        || points.windows(2).any(|pair| {
            (0..BETWEEN).any(|part| {
                let share = part as f64 / BETWEEN as f64;
                let at: Vec<f64> = pair[0].iter().zip(&pair[1]).map(|(a, b)| a + share * (b - a)).collect();
                in_target(&at)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{formula, named_field};
    use super::*;

    fn exits(surface: &Surface, start: &[f64], target: impl Fn(&[f64]) -> bool) -> Exits {
        Basin::around(surface, start, &SearchOptions::default()).unwrap().exits(&target).unwrap()
    }

    #[test]
    fn the_target_sorts_the_gates_of_a_double_well() {
        let surface = formula("x^4 - 2*x^2");
        let far = exits(&surface, &[0.8], |x| x[0] <= -0.5);
        assert_eq!((far.exits.len(), far.exits[0].at_saddle), (1, false));
        assert!(exits(&surface, &[0.8], |x| x[0] <= 0.0).exits[0].at_saddle);
        // Given with the four digits that one writes.
        assert!(exits(&surface, &[0.8], |x| x[0] <= 1e-4).exits[0].at_saddle);
        let before = exits(&surface, &[0.8], |x| x[0] <= 0.5);
        assert!(before.exits.is_empty());
        assert_eq!(before.broken, [BrokenAssumption::TargetBelowSaddle { gates: 1 }]);
        let other_side = exits(&surface, &[0.8], |x| x[0] >= 3.0);
        assert!(other_side.exits.is_empty() && other_side.broken.is_empty());
    }

    #[test]
    fn a_bowl_has_no_way_out() {
        let basin = Basin::around(&formula("x^2"), &[0.7], &SearchOptions::default()).unwrap();
        let error = basin.ways().unwrap_err();
        assert!(error.to_string().contains("start in a basin that has one"), "{error}");
    }

    #[test]
    fn all_gates_of_styblinski_tang() {
        for dimension in [2, 3] {
            let field = named_field("styblinski-tang", &[("dimension", dimension as f64)]);
            let surface = Surface::of(&field).unwrap();
            let found = exits(&surface, &vec![2.7; dimension], |x| x.iter().any(|x| *x <= -1.0));
            assert_eq!(found.exits.len(), dimension);
            // One coordinate only: the others are gates to elsewhere, as low as this one.
            let one = exits(&surface, &vec![2.7; dimension], |x| x[0] <= -1.0);
            assert_eq!(one.exits.len(), 1);
            assert!(matches!(
                one.broken[..],
                [BrokenAssumption::GatesElsewhere { gates, below }] if gates == dimension - 1 && below.abs() < 1e-9
            ));
        }
    }

    #[test]
    fn over_a_shallow_well_between() {
        // From the deepest minimum of Müller and Brown to the second the way crosses a third, whose gate is lower.
        let surface = Surface::of(&named_field("muller-brown", &[])).unwrap();
        let target = |x: &[f64]| (x[0] - 0.62).hypot(x[1] - 0.03) < 0.1;
        let found = exits(&surface, &[-0.56, 1.44], target);
        assert_eq!(found.exits.len(), 1);
        assert!((found.exits[0].way.barrier() - 106.0346737).abs() < 1e-6);
    }

    #[test]
    fn a_fall_without_end_passes_through_the_target() {
        let surface = formula("x^3/3 - x");
        assert_eq!(exits(&surface, &[0.9], |x| x[0] <= -3.0).exits.len(), 1);
        assert!(exits(&surface, &[0.9], |x| x[0] >= 3.0).exits.is_empty());
        let error = Basin::around(&surface, &[-1.5], &SearchOptions::default()).err().unwrap();
        assert!(error.to_string().contains("unbounded"), "{error}");
    }
}
