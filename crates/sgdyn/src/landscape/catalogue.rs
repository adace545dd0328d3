//! Landscapes by name: the one place where a name becomes code.

use std::collections::BTreeMap;

use super::analytic::{
    CurvedChannel, DiagonalQuadratic, DoubleWell, FlatValley, FullQuadratic, MaierStein, MullerBrown,
    Rastrigin, RingOfGates, Rotating, StyblinskiTang, TwoParabolas, TwoValleys,
};
use super::pointwise::Pointwise;
use super::separable::Separable;
use super::traits::Field;
use crate::lanes::Real;

/// A landscape of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct NamedLandscape {
    /// The name in a study.
    pub name: &'static str,
    /// Its equation.
    pub equation: &'static str,
    /// Its parameters with their defaults; an empty default is a parameter that must be given.
    pub parameters: &'static [(&'static str, &'static [f64])],
}

/// All landscapes that have a name.
pub const CATALOGUE: &[NamedLandscape] = &[
    NamedLandscape {
        name: "quadratic", equation: "L = ½ Σ hᵢ xᵢ²", parameters: &[("curvatures", &[1.0])]
    },
    NamedLandscape {
        name: "full-quadratic",
        equation: "L = ½ xᵀHx, H row by row",
        parameters: &[("hessian", &[])],
    },
    NamedLandscape {
        name: "double-well",
        equation: "L = a x⁴ − b x² + t x",
        parameters: &[("quartic", &[1.0]), ("quadratic", &[2.0]), ("tilt", &[0.0])],
    },
    NamedLandscape {
        name: "two-parabolas",
        equation: "L = ½ min(s (x + 1)², f (x − 1)²)",
        parameters: &[("left", &[1.0]), ("right", &[1.0])],
    },
    NamedLandscape {
        name: "two-valleys",
        equation: "L = −½ b x² around 0, ½ s (x + aₛ)² − Eₛ left of it, ½ f (x − a_f)² − E_f right of it, joined without a kink",
        parameters: &[
            ("sharp", &[10.0]),
            ("flat", &[2.0]),
            ("barrier", &[4.0]),
            ("sharp_depth", &[1.0]),
            ("flat_depth", &[1.0]),
        ],
    },
    NamedLandscape {
        name: "styblinski-tang",
        equation: "L = ½ Σ (xᵢ⁴ − 16xᵢ² + 5xᵢ)",
        parameters: &[("dimension", &[2.0])],
    },
    NamedLandscape {
        name: "rastrigin",
        equation: "L = Σ xᵢ² + A(1 − cos 2πxᵢ)",
        parameters: &[("amplitude", &[10.0]), ("dimension", &[2.0])],
    },
    NamedLandscape {
        name: "muller-brown",
        equation: "L = s Σ Aₖ exp(aₖ(x−xₖ)² + bₖ(x−xₖ)(y−yₖ) + cₖ(y−yₖ)²)",
        parameters: &[("scale", &[1.0])],
    },
    NamedLandscape {
        name: "curved-channel", equation: "L = (x² − 1)²/4 + ½(1 + 3x²)y²", parameters: &[]
    },
    NamedLandscape {
        name: "flat-valley",
        equation: "L = ½ c (1 + w x²) y²",
        parameters: &[("curvature", &[1.0]), ("widening", &[0.0])],
    },
    NamedLandscape {
        name: "ring-of-gates",
        equation: "L = r²(r² − 3)²/4 + (a/n²) r⁸ (1 − cos nφ)",
        parameters: &[("gates", &[3.0]), ("stiffness", &[8.0])],
    },
    NamedLandscape {
        name: "maier-stein",
        equation: "b = (x − x³ − α x y², −µ y (1 + x²)), a drift without a loss",
        parameters: &[("alpha", &[1.0]), ("mu", &[1.0])],
    },
    NamedLandscape {
        name: "rotating",
        equation: "b = −h (x, y) + ω (y, −x), a drift without a loss",
        parameters: &[("curvature", &[1.0]), ("rotation", &[1.0])],
    },
];

/// A named landscape that cannot be built.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum LandscapeError {
    /// No landscape has this name.
    #[error("no landscape is called `{name}`{}; there are {known}", near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default())]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The nearest name, where one is near.
        near: Option<String>,
        /// All names.
        known: String,
    },
    /// A parameter that the landscape does not have.
    #[error("landscape `{landscape}` has no parameter `{parameter}`; it has {known}")]
    UnknownParameter {
        /// The landscape.
        landscape: &'static str,
        /// What was given.
        parameter: String,
        /// What it has.
        known: String,
    },
    /// A parameter with a value that makes no sense.
    #[error("parameter `{parameter}` of landscape `{landscape}` is {value}: {requirement}")]
    BadParameter {
        /// The landscape.
        landscape: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// Its value.
        value: String,
        /// What it must be.
        requirement: &'static str,
    },
}

/// The largest number of coordinates of a named landscape.
const DIMENSION_LIMIT: f64 = 1e6;

struct Given<'a> {
    landscape: &'static NamedLandscape,
    values: &'a BTreeMap<String, Vec<f64>>,
}

impl Given<'_> {
    fn list(&self, parameter: &'static str) -> Result<Vec<f64>, LandscapeError> {
        let default =
            self.landscape.parameters.iter().find(|(name, _)| *name == parameter).map_or(&[][..], |p| p.1);
        let values = self.values.get(parameter).cloned().unwrap_or_else(|| default.to_vec());
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return Err(self.bad(parameter, format!("{values:?}"), "give one or more finite numbers"));
        }
        Ok(values)
    }

    fn number(&self, parameter: &'static str) -> Result<f64, LandscapeError> {
        let values = self.list(parameter)?;
        match values[..] {
            [value] => Ok(value),
            _ => Err(self.bad(parameter, format!("{values:?}"), "give one number")),
        }
    }

    fn positive(&self, parameter: &'static str) -> Result<f64, LandscapeError> {
        let value = self.number(parameter)?;
        if value > 0.0 {
            Ok(value)
        } else {
            Err(self.bad(parameter, value.to_string(), "it must be above 0"))
        }
    }

    fn dimension(&self) -> Result<usize, LandscapeError> {
        self.whole("dimension", DIMENSION_LIMIT, "it must be a whole number from 1 to 1,000,000")
    }

    /// A whole number from 1 to `most`.
    fn whole(
        &self,
        parameter: &'static str,
        most: f64,
        requirement: &'static str,
    ) -> Result<usize, LandscapeError> {
        let value = self.number(parameter)?;
        if (1.0..=most).contains(&value) && value.fract() == 0.0 {
            return Ok(value as usize);
        }
        Err(self.bad(parameter, value.to_string(), requirement))
    }

    fn bad(&self, parameter: &'static str, value: String, requirement: &'static str) -> LandscapeError {
        LandscapeError::BadParameter { landscape: self.landscape.name, parameter, value, requirement }
    }
}

/// The landscape called `name`, with `parameters` (a number is a list of one) in the place of defaults.
///
/// # Errors
/// [`LandscapeError`] for an unknown name or parameter, or a value out of range.
pub fn named<R: Real>(
    name: &str,
    parameters: &BTreeMap<String, Vec<f64>>,
) -> Result<Field<R>, LandscapeError> {
    let Some(landscape) = CATALOGUE.iter().find(|landscape| landscape.name == name) else {
        let near = CATALOGUE
            .iter()
            .map(|landscape| (strsim::jaro_winkler(name, landscape.name), landscape.name))
            .filter(|(similarity, _)| *similarity > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, near)| near.to_owned());
        let known = CATALOGUE.iter().map(|landscape| landscape.name).collect::<Vec<_>>().join(", ");
        return Err(LandscapeError::UnknownName { name: name.to_owned(), near, known });
    };
    for parameter in parameters.keys() {
        if !landscape.parameters.iter().any(|(known, _)| known == parameter) {
            let names: Vec<_> = landscape.parameters.iter().map(|(known, _)| *known).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            return Err(LandscapeError::UnknownParameter {
                landscape: landscape.name,
                parameter: parameter.clone(),
                known,
            });
        }
    }
    let given = Given { landscape, values: parameters };
    Ok(match landscape.name {
        "quadratic" => Field::landscape(DiagonalQuadratic::<R>::new(&given.list("curvatures")?)),
        "full-quadratic" => full_quadratic(&given)?,
        "double-well" => Field::landscape(Pointwise(DoubleWell::<R>::new(
            given.positive("quartic")?,
            given.number("quadratic")?,
            given.number("tilt")?,
        ))),
        "two-parabolas" => Field::landscape(Pointwise(TwoParabolas::<R>::new(
            given.positive("left")?,
            given.positive("right")?,
        ))),
        "two-valleys" => Field::landscape(Pointwise(TwoValleys::<R>::new(
            [given.positive("sharp")?, given.positive("flat")?, given.positive("barrier")?],
            [given.positive("sharp_depth")?, given.positive("flat_depth")?],
        ))),
        "styblinski-tang" => {
            Field::landscape(Separable { term: StyblinskiTang, dimension: given.dimension()? })
        }
        "rastrigin" => Field::landscape(Separable {
            term: Rastrigin::<R>::new(given.number("amplitude")?),
            dimension: given.dimension()?,
        }),
        "muller-brown" => Field::landscape(Pointwise(MullerBrown::<R>::new(given.positive("scale")?))),
        "curved-channel" => Field::landscape(Pointwise(CurvedChannel)),
        "flat-valley" => Field::landscape(Pointwise(FlatValley::<R>::new(
            given.positive("curvature")?,
            given.number("widening")?,
        ))),
        "ring-of-gates" => Field::landscape(Pointwise(RingOfGates::<R>::new(
            given.whole("gates", 64.0, "it must be a whole number from 1 to 64")? as u32,
            given.positive("stiffness")?,
        ))),
        "maier-stein" => {
            Field::drift(Pointwise(MaierStein::<R>::new(given.number("alpha")?, given.number("mu")?)))
        }
        _ => {
            Field::drift(Pointwise(Rotating::<R>::new(given.number("curvature")?, given.number("rotation")?)))
        }
    })
}

fn full_quadratic<R: Real>(given: &Given<'_>) -> Result<Field<R>, LandscapeError> {
    let entries = given.list("hessian")?;
    let dimension = entries.len().isqrt();
    let symmetric =
        (0..dimension).all(|i| (0..i).all(|j| entries[i * dimension + j] == entries[j * dimension + i]));
    if dimension * dimension != entries.len() || !symmetric {
        return Err(given.bad(
            "hessian",
            format!("{entries:?}"),
            "give the d² entries of a symmetric matrix",
        ));
    }
    Ok(Field::landscape(FullQuadratic::<R>::new(&entries, dimension)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{CATALOGUE, named};
    use crate::landscape::Field;

    fn parameters(name: &str) -> BTreeMap<String, Vec<f64>> {
        match name {
            "full-quadratic" => [("hessian".to_owned(), vec![2.0, 0.5, 0.5, 1.0])].into(),
            "flat-valley" => [("widening".to_owned(), vec![0.7])].into(),
            "maier-stein" => [("alpha".to_owned(), vec![3.0])].into(),
            "double-well" => [("tilt".to_owned(), vec![0.3])].into(),
            _ => BTreeMap::new(),
        }
    }

    /// Drift and Hessian against central differences of the loss (or of the drift), step 1e-5: truncation about 1e-9
    /// of third derivatives up to 1e4.
    #[test]
    fn derivatives_match_finite_differences() {
        for landscape in CATALOGUE {
            let field: Field<f64> = named(landscape.name, &parameters(landscape.name)).expect(landscape.name);
            let dimension = field.dimension();
            for trial in 0..5 {
                let point: Vec<f64> =
                    (0..dimension).map(|c| 0.37 + 0.31 * trial as f64 - 0.9 * c as f64).collect();
                let gradient = field.gradient_at(&point);
                let hessian = field.hessian_at(&point).expect("all offer products");
                let step = 1e-5;
                for c in 0..dimension {
                    let shifted = |by: f64| {
                        let mut moved = point.clone();
                        moved[c] += by;
                        moved
                    };
                    if let (Some(up), Some(down)) =
                        (field.loss_at(&shifted(step)), field.loss_at(&shifted(-step)))
                    {
                        let difference = (up - down) / (2.0 * step);
                        assert!(
                            (difference - gradient[c]).abs() <= 1e-6 * (1.0 + gradient[c].abs()),
                            "{}: {difference} {}",
                            landscape.name,
                            gradient[c]
                        );
                    }
                    let (up, down) = (field.gradient_at(&shifted(step)), field.gradient_at(&shifted(-step)));
                    for row in 0..dimension {
                        let difference = (up[row] - down[row]) / (2.0 * step);
                        let entry = hessian[row * dimension + c];
                        assert!(
                            (difference - entry).abs() <= 1e-5 * (1.0 + entry.abs()),
                            "{}: {difference} {entry}",
                            landscape.name
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn unknown_names_get_the_near_miss() {
        let error = named::<f64>("double_well", &BTreeMap::new()).err().expect("unknown").to_string();
        assert!(error.contains("did you mean `double-well`?"), "{error}");
        let error =
            named::<f64>("double-well", &[("depth".to_owned(), vec![1.0])].into()).err().expect("unknown");
        assert!(error.to_string().contains("quartic, quadratic, tilt"), "{error}");
    }
}
