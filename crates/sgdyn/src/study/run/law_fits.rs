//! The laws of a `laws` study: a line through each panel, its slope beside the predicted one, and what that says.

use super::rows::{Row, Rows};
use super::verdicts::{groups, number, verdict};
use crate::statistics::{Estimate, Interval, LawFit, Linearity, law_fit, normal_interval};
use crate::study::{Holds, Verdict};

/// A panel with its line.
struct Law {
    panel: String,
    x_name: String,
    y_name: String,
    fit: LawFit,
    /// Lines through the same abscissas, with the same weights.
    predicted: LawFit,
    exact: Option<LawFit>,
    chain: Option<LawFit>,
    colder: Option<LawFit>,
    /// What the theory assumes and the cells break.
    broken: Vec<String>,
    prefactor: Option<Prefactor>,
}

/// How far measured prefactors lie from the exact ones of either meaning of the noise, in ln.
#[derive(Clone, Copy)]
struct Prefactor {
    from_own: Estimate,
    from_other: Estimate,
    /// Whether the equation of the rule is Itô's.
    is_ito: bool,
}

impl Law {
    /// `None` for points that no line goes through, such as those without exits.
    fn of(panel: &str, members: &[&Row]) -> Option<Self> {
        let column = |name: &str| -> Option<Vec<f64>> {
            members.iter().map(|row| row.value(name).filter(|value| value.is_finite())).collect()
        };
        let (x, y, stderr) = (column("x")?, column("y")?, column("y_stderr")?);
        let confidence = members.first()?.value("confidence")?;
        let through = |y: &[f64]| law_fit(&x, y, &stderr, confidence).ok();
        let line = |name: &str| through(&column(name)?);
        let mut broken: Vec<String> = Vec::new();
        for text in members.iter().filter_map(|row| row.word("broken")).filter(|text| !text.is_empty()) {
            // Numbers differ from cell to cell; the first of each kind stands for all.
            for one in text.split("; ") {
                let kind = |text: &str| text.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
                if !broken.iter().any(|known| kind(known) == kind(one)) {
                    broken.push(one.to_owned());
                }
            }
        }
        Some(Self {
            panel: panel.to_owned(),
            x_name: members.first()?.word("x_name")?.to_owned(),
            y_name: members.first()?.word("y_name")?.to_owned(),
            fit: through(&y)?,
            predicted: line("y_predicted")?,
            exact: line("y_exact"),
            chain: line("y_exact_chain"),
            colder: line("y_exact_colder"),
            broken,
            prefactor: Prefactor::of(&column, &y, &stderr, members.first()?.is("is_ito")),
        })
    }

    /// Whether the predicted points lie on a line, so that the law is what the theory says.
    fn is_predicted(&self) -> bool {
        self.predicted.linearity != Linearity::Refused
    }

    fn contains(&self, of: Option<&LawFit>) -> bool {
        of.is_some_and(|fit| self.fit.slope_interval.contains(fit.slope.value))
    }

    /// What keeps the measured slope from the predicted one, as far as exact solutions show it.
    fn reason(&self) -> String {
        let slope = |fit: &LawFit| number(fit.slope.value);
        if self.contains(self.exact.as_ref()) {
            let exact = self.exact.as_ref().map(slope).unwrap_or_default();
            let colder = self.colder.as_ref().map_or(String::new(), |fit| {
                format!(", and {} where all noise is four times as small", slope(fit))
            });
            return format!(
                "the barrier is finite: the exact equation itself has the slope {exact} here{colder}; the theorem holds as \
                 exponents grow"
            );
        }
        if self.contains(self.chain.as_ref()) {
            let chain = self.chain.as_ref().map(slope).unwrap_or_default();
            let exact =
                self.exact.as_ref().map_or(String::new(), |fit| format!(", its equation {}", slope(fit)));
            return format!(
                "the step is finite: the exact chain of these steps has the slope {chain}{exact}"
            );
        }
        if self.broken.is_empty() {
            "no assumption was seen broken".to_owned()
        } else {
            format!("broken: {}", self.broken.join("; "))
        }
    }

    fn verdict(&self) -> Verdict {
        let (fit, panel) = (&self.fit, &self.panel);
        let numbers = format!(
            "slope {} [{}, {}], predicted {}{}{}; r = {:.4}, bend p = {}, χ² p = {}",
            number(fit.slope.value),
            number(fit.slope_interval.lower),
            number(fit.slope_interval.upper),
            number(self.predicted.slope.value),
            self.exact
                .as_ref()
                .map_or(String::new(), |exact| format!(", exact {}", number(exact.slope.value))),
            self.chain
                .as_ref()
                .map_or(String::new(), |chain| format!(", chain {}", number(chain.slope.value))),
            fit.correlation,
            probability(fit.curvature_p_value),
            probability(fit.fit_p_value),
        );
        let law = format!("{panel}: {} is linear in {}", self.y_name, self.x_name);
        if self.prefactor.is_none() && !self.is_predicted() {
            let (claim, holds) = match fit.linearity {
                Linearity::Refused => (format!("{law}: refused, as theory has it"), Holds::Yes),
                Linearity::Straight => (format!("{law}: to be refused"), Holds::No),
                Linearity::NotResolved => (format!("{law}: to be refused"), Holds::NotResolved),
            };
            return verdict(
                claim,
                holds,
                format!("{numbers}. A correlation this near to 1 does not show a line"),
            );
        }
        if let Some(prefactor) = self.prefactor {
            return prefactor.verdict(panel, fit, &self.predicted);
        }
        match fit.linearity {
            Linearity::Refused => {
                // A bend of the exact points is a reason; a slope is none.
                let bent = |fit: &LawFit| fit.linearity == Linearity::Refused;
                let reason =
                    match (self.exact.as_ref().is_some_and(bent), self.chain.as_ref().is_some_and(bent)) {
                        (true, _) => "the exact equation's own points are bent: the barrier is finite",
                        (false, true) => "the exact chain's own points are bent: the step is finite",
                        (false, false) => "exact points, where they are known, lie on a line",
                    };
                verdict(law, Holds::No, format!("refused as not linear; {numbers}; {reason}"))
            }
            Linearity::NotResolved => {
                verdict(law, Holds::NotResolved, format!("{numbers}; a bend may hide in the errors"))
            }
            Linearity::Straight if self.contains(Some(&self.predicted)) => {
                verdict(format!("{law}, with the predicted slope"), Holds::Yes, numbers)
            }
            Linearity::Straight => verdict(
                format!("{law}, with the predicted slope"),
                Holds::No,
                format!("{numbers}; {}", self.reason()),
            ),
        }
    }

    fn row(&self) -> Row {
        let (mut row, fit) = (Row::default(), &self.fit);
        row.text("panel", &self.panel).text("x_name", &self.x_name).text("y_name", &self.y_name);
        row.estimate("slope", fit.slope);
        row.number("slope_lower", fit.slope_interval.lower).number("slope_upper", fit.slope_interval.upper);
        row.number("slope_predicted", self.predicted.slope.value);
        row.maybe("slope_exact", self.exact.map(|fit| fit.slope.value));
        row.maybe("slope_exact_chain", self.chain.map(|fit| fit.slope.value));
        row.maybe("slope_exact_colder", self.colder.map(|fit| fit.slope.value));
        row.estimate("intercept", fit.intercept);
        row.number("intercept_lower", fit.intercept_interval.lower);
        row.number("intercept_upper", fit.intercept_interval.upper);
        row.number("intercept_predicted", self.predicted.intercept.value);
        row.number("correlation", fit.correlation);
        row.estimate("curvature", fit.curvature).number("curvature_p_value", fit.curvature_p_value);
        row.number("chi_square", fit.chi_square).number("fit_p_value", fit.fit_p_value);
        let verdict = self.verdict();
        row.text("holds", &verdict.holds.to_string()).text("verdict", &verdict.detail);
        row
    }
}

impl Prefactor {
    fn of(
        column: &impl Fn(&str) -> Option<Vec<f64>>,
        y: &[f64],
        stderr: &[f64],
        is_ito: Option<bool>,
    ) -> Option<Self> {
        let is_ito = is_ito?;
        let (own, other) = (column("y_exact")?, column("y_exact_other")?);
        let weight: f64 = stderr.iter().map(|error| error.powi(-2)).sum();
        let mean = |exact: &[f64]| -> Estimate {
            let sum: f64 = (0..y.len()).map(|i| (y[i] - exact[i]) / (stderr[i] * stderr[i])).sum();
            Estimate { value: sum / weight, stderr: weight.powf(-0.5), n: y.len() as u64 }
        };
        Some(Self { from_own: mean(&own), from_other: mean(&other), is_ito })
    }

    fn verdict(self, panel: &str, fit: &LawFit, predicted: &LawFit) -> Verdict {
        // What the other convention is away by; a tenth of it may be the step's own error.
        let gap = (self.from_own.value - self.from_other.value).abs();
        let apart = |estimate: Estimate| estimate.value.abs() - 4.0 * estimate.stderr;
        let holds = if apart(self.from_own) > 0.1 * gap {
            Holds::No
        } else if self.from_own.value.abs() + 4.0 * self.from_own.stderr < 0.5 * gap
            && apart(self.from_other) > 0.5 * gap
        {
            Holds::Yes
        } else {
            Holds::NotResolved
        };
        let show = |estimate: Estimate| {
            normal_interval(estimate, 0.95).map_or(String::new(), |Interval { lower, upper, .. }| {
                format!("{} [{}, {}]", number(estimate.value), number(lower), number(upper))
            })
        };
        let (own, other) = if self.is_ito {
            ("Itô's equation (D·p continuous, 2π/H_ae)", "anti-Itô's (p continuous, 2π/|H_be|)")
        } else {
            ("anti-Itô's equation (p continuous, 2π/|H_be|)", "Itô's (D·p continuous, 2π/H_ae)")
        };
        verdict(
            format!("{panel}: the prefactor is that of {own}, not that of {other}"),
            holds,
            format!(
                "ln of measured over exact time, all points together: {} by the first, {} by the second; at η/B = 0 the line has \
                 ln P = {} [{}, {}], predicted {}",
                show(self.from_own),
                show(self.from_other),
                number(fit.intercept.value),
                number(fit.intercept_interval.lower),
                number(fit.intercept_interval.upper),
                number(predicted.intercept.value),
            ),
        )
    }
}

fn probability(value: f64) -> String {
    if value < 1e-3 { format!("{value:.0e}").replace('-', "−") } else { format!("{value:.3}") }
}

fn laws(rows: &Rows) -> Vec<(String, Option<Law>)> {
    groups(rows, |row| row.word("panel").unwrap_or_default().to_owned())
        .into_iter()
        .map(|(panel, members)| {
            let law = Law::of(&panel, &members);
            (panel, law)
        })
        .collect()
}

/// One row for each panel.
pub(super) fn table(rows: &Rows) -> Rows {
    let mut table = Rows::default();
    for law in laws(rows).into_iter().filter_map(|(_, law)| law) {
        table.push(law.row());
    }
    table
}

pub(super) fn verdicts(rows: &Rows) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = laws(rows)
        .into_iter()
        .map(|(panel, law)| match law {
            Some(law) => law.verdict(),
            None => verdict(
                format!("{panel}: a law is measured"),
                Holds::NotResolved,
                "some points have no exits, or no line goes through them: more replicas, or a later horizon",
            ),
        })
        .collect();
    let sum = |name: &str| rows.iter().filter_map(|row| row.value(name)).sum::<f64>();
    let (censored, diverged) = (sum("censored"), sum("diverged"));
    if censored + diverged > 0.0 {
        verdicts.push(verdict(
            "every replica reached its target",
            Holds::No,
            format!("{censored} were censored at the horizon and {diverged} diverged: times are total time over exits, which is \
                     the mean only of exponential exits"),
        ));
    }
    verdicts
}
