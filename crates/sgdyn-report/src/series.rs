//! What a panel draws: one series of numbers in one form.

use crate::palette::STEPS;

/// The form of a [`Series`] with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Line {
        x: Vec<f64>,
        y: Vec<f64>,
    },
    Points {
        x: Vec<f64>,
        y: Vec<f64>,
        error: Option<Vec<f64>>,
    },
    Bars {
        edges: Vec<f64>,
        heights: Vec<f64>,
    },
    Band {
        x: Vec<f64>,
        lower: Vec<f64>,
        upper: Vec<f64>,
    },
    Steps {
        x: Vec<f64>,
        y: Vec<f64>,
    },
    Horizontal {
        y: f64,
    },
    Vertical {
        x: f64,
    },
    /// With the values at the ends of the colour bar, where they are not those of the data.
    HeatMap(HeatMap, Option<(f64, f64)>),
    Arrows {
        x: Vec<f64>,
        y: Vec<f64>,
        along_x: Vec<f64>,
        along_y: Vec<f64>,
    },
}

/// The pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Dashed.
    Dashed,
    /// Dotted.
    Dotted,
    /// Alternating dashes and dots.
    DashDot,
    /// Long dashes.
    LongDash,
}

/// The colour of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    Auto,
    Number(usize),
    Ink,
    Reference,
    Step(u8),
}

/// How much a series weighs in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Light,
    Normal,
    Heavy,
}

/// Numbers to be drawn, in one form and style.
///
/// A value that is not a number is a gap. Arrays of unequal length are cut to the shortest and the panel notes it.
/// Series with the same label share one legend entry; series without a label have none.
///
/// ```
/// use sgdyn_report::{Dash, Series};
/// let beta = vec![1.0, 3.0, 5.0];
/// let exact = Series::line(beta.clone(), [2.703769, 24.389763, 177.370379]).label("exact");
/// let kramers = Series::line(beta.clone(), [3.0191, 22.308, 164.84]).label("Kramers").dash(Dash::Dashed);
/// let measured = Series::points(beta, [2.71, 24.1, 178.0]).error([0.01, 0.2, 1.5], 1.96).label("measured");
/// # let _ = (exact, kramers, measured);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub(crate) shape: Shape,
    pub(crate) label: Option<String>,
    pub(crate) color: Color,
    pub(crate) dash: Option<Dash>,
    pub(crate) marker: Option<usize>,
    /// Half-width of error bars in standard errors.
    pub(crate) multiple: f64,
    pub(crate) weight: Weight,
    /// What is written beside each point.
    pub(crate) names: Vec<String>,
}

impl Series {
    fn new(shape: Shape) -> Self {
        Self {
            shape,
            label: None,
            color: Color::Auto,
            dash: None,
            marker: None,
            multiple: 1.0,
            weight: Weight::Normal,
            names: Vec::new(),
        }
    }

    /// A line through the points `(x[i], y[i])`. With no points it draws nothing but its legend entry: a key for a style.
    pub fn line(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Self::new(Shape::Line { x: x.into(), y: y.into() })
    }

    /// A marker at each `(x[i], y[i])`.
    pub fn points(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Self::new(Shape::Points { x: x.into(), y: y.into(), error: None })
    }

    /// A histogram: a bar of height `heights[i]` from `edges[i]` to `edges[i + 1]`; a height that is not a number leaves a
    /// gap. `edges` has one element more than `heights`. Bars start at zero, or at the lower edge of a logarithmic axis.
    pub fn bars(edges: impl Into<Vec<f64>>, heights: impl Into<Vec<f64>>) -> Self {
        Self::new(Shape::Bars { edges: edges.into(), heights: heights.into() })
    }

    /// A shaded interval from `lower[i]` to `upper[i]` along `x`.
    pub fn band(x: impl Into<Vec<f64>>, lower: impl Into<Vec<f64>>, upper: impl Into<Vec<f64>>) -> Self {
        Self::new(Shape::Band { x: x.into(), lower: lower.into(), upper: upper.into() })
    }

    /// A curve that is `y[i]` from `x[i]` up to `x[i + 1]`, as survival functions are. Where it reaches zero on a
    /// logarithmic axis it falls to the lower edge.
    pub fn steps(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Self {
        Self::new(Shape::Steps { x: x.into(), y: y.into() })
    }

    /// A reference line at height `y`, its label written on it.
    pub fn horizontal(y: f64) -> Self {
        let line = Self::new(Shape::Horizontal { y });
        Self { color: Color::Reference, dash: Some(Dash::Solid), ..line }
    }

    /// A reference line at `x`, its label written beside it.
    pub fn vertical(x: f64) -> Self {
        let line = Self::new(Shape::Vertical { x });
        Self { color: Color::Reference, dash: Some(Dash::Solid), ..line }
    }

    /// A matrix in colours with its colour bar; one to a panel.
    pub fn heat_map(map: HeatMap) -> Self {
        Self::new(Shape::HeatMap(map, None))
    }

    /// A vector field: an arrow through each `(x[i], y[i])` in the direction in which `(along_x[i], along_y[i])`, in the
    /// units of the axes, points on the page. Lengths are proportional to the magnitude of that vector; the longest arrow
    /// spans the distance of neighbours. What is zero or not a number is left out.
    pub fn arrows(
        x: impl Into<Vec<f64>>,
        y: impl Into<Vec<f64>>,
        along_x: impl Into<Vec<f64>>,
        along_y: impl Into<Vec<f64>>,
    ) -> Self {
        let shape =
            Shape::Arrows { x: x.into(), y: y.into(), along_x: along_x.into(), along_y: along_y.into() };
        Self { color: Color::Ink, ..Self::new(shape) }
    }

    /// The values at the ends of the colour bar of a heat map; values beyond them take the colour of the end. Ends that no
    /// colour bar can have are ignored, and other forms ignore all.
    pub fn color_range(mut self, low: f64, high: f64) -> Self {
        if let Shape::HeatMap(_, range) = &mut self.shape {
            *range = Some((low, high));
        }
        self
    }

    /// The name in the legend, or on a reference line.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Error bars of points: `y[i] ± multiple · stderr[i]` (1.96 for 95 % intervals of normal estimates). Other forms
    /// ignore it.
    pub fn error(mut self, stderr: impl Into<Vec<f64>>, multiple: f64) -> Self {
        if let Shape::Points { error, .. } = &mut self.shape {
            *error = Some(stderr.into());
            self.multiple = multiple;
        }
        self
    }

    /// What is written beside each point of [`points`](Self::points), where it hides least. Other forms ignore it.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = names.into_iter().map(Into::into).collect();
        self
    }

    /// Takes colour `number` of the palette (it has eight and then repeats) and the marker of the same number: one for what
    /// belongs together, such as a measurement and its prediction.
    pub fn color(mut self, number: usize) -> Self {
        self.color = Color::Number(number);
        self
    }

    /// Takes the colour of text: for references, and for keys that explain a dash.
    pub fn ink(mut self) -> Self {
        self.color = Color::Ink;
        self
    }

    /// Takes the colour of `place` in an order, such as that of time: pale at 0, strong at 1, never lost on the
    /// background. Lines are solid unless [`dash`](Self::dash) says otherwise.
    pub fn ordered(mut self, place: f64) -> Self {
        let last = f64::from(STEPS - 1);
        // NaN becomes 0.
        self.color = Color::Step((place.clamp(0.0, 1.0) * last).round() as u8);
        self
    }

    /// Draws lines broader, to stand out from others.
    pub fn heavy(mut self) -> Self {
        self.weight = Weight::Heavy;
        self
    }

    /// Draws smaller markers and thinner lines, which leave more to be seen of what lies below.
    pub fn light(mut self) -> Self {
        self.weight = Weight::Light;
        self
    }

    /// Takes the grey of reference lines.
    pub(crate) fn reference(mut self) -> Self {
        self.color = Color::Reference;
        self
    }

    /// The pattern of a line. Without this, lines of automatic colour also differ in pattern, others are solid.
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = Some(dash);
        self
    }

    /// Takes marker `number` (there are eight) instead of the one that goes with the colour.
    pub fn marker(mut self, number: usize) -> Self {
        self.marker = Some(number);
        self
    }
}

/// A matrix on a rectangular grid, with unequal cells if need be.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Cell borders along x, increasing, one more than the columns.
    pub x_edges: Vec<f64>,
    /// Cell borders along y, increasing, one more than the rows.
    pub y_edges: Vec<f64>,
    /// The values, row after row: column i of row j at `j · columns + i`. What is missing or not a number stays blank.
    pub values: Vec<f64>,
    /// What the values are: the label of the colour bar.
    pub label: String,
    /// Whether colours follow the logarithm of the values.
    pub log: bool,
}
