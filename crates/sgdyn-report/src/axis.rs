//! What an axis shows: its label, its scale and, if not left to the data, its range.

/// How values are placed along an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Proportionally.
    Linear,
    /// By their logarithm. Values ≤ 0 have no place: they are left out, marked at the lower edge and counted in a note.
    Log,
    /// By group: group number i (from 0) sits at value i, and its name takes the place of a number.
    Categories(Vec<String>),
}

/// One axis of a [`Panel`](crate::Panel).
///
/// ```
/// use sgdyn_report::Axis;
/// let learning_rate = Axis::log("learning rate η").range(1e-3, 1.0);
/// let scheme = Axis::categories("sampling", ["with replacement", "reshuffled"]);
/// # let _ = (learning_rate, scheme);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
}

impl Axis {
    /// An axis with the given scale; its range follows the data.
    pub fn new(label: impl Into<String>, scale: Scale) -> Self {
        Self { label: label.into(), scale, lower: None, upper: None }
    }

    /// An axis on which values are placed proportionally.
    pub fn linear(label: impl Into<String>) -> Self {
        Self::new(label, Scale::Linear)
    }

    /// An axis on which values are placed by their logarithm.
    pub fn log(label: impl Into<String>) -> Self {
        Self::new(label, Scale::Log)
    }

    /// An axis of named groups: group i sits at value i.
    pub fn categories<S: Into<String>>(label: impl Into<String>, names: impl IntoIterator<Item = S>) -> Self {
        Self::new(label, Scale::Categories(names.into_iter().map(Into::into).collect()))
    }

    /// Fixes both ends. A range that cannot be drawn (empty, not finite, or ≤ 0 on a logarithmic axis) is ignored and
    /// a note in the panel says so.
    pub fn range(self, lower: f64, upper: f64) -> Self {
        self.lower(lower).upper(upper)
    }

    /// Fixes the lower end.
    pub fn lower(mut self, lower: f64) -> Self {
        self.lower = Some(lower);
        self
    }

    /// Fixes the upper end.
    pub fn upper(mut self, upper: f64) -> Self {
        self.upper = Some(upper);
        self
    }
}
