//! One coordinate system with what is drawn in it.

use crate::{Axis, Series};

/// Where the legend of a [`Panel`] goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Legend {
    /// Inside where it hides no data, else right of the panel.
    #[default]
    Auto,
    /// Right of the panel.
    Outside,
    /// Nowhere.
    Hidden,
}

/// One coordinate system: two axes and the series drawn in it, in the order in which they were added.
///
/// ```
/// use sgdyn_report::{Axis, Panel, Series};
/// let panel = Panel::new(Axis::log("learning rate η"), Axis::log("variance"))
///     .title("(a) stationary variance")
///     .series(Series::line([0.01, 0.1, 1.0], [0.005, 0.0526, 1.0]).label("ηC/(h(2−ηh))"));
/// # let _ = panel;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    pub(crate) legend: Legend,
    pub(crate) note: String,
}

impl Panel {
    /// An empty panel with these axes.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { title: String::new(), x, y, series: Vec::new(), legend: Legend::Auto, note: String::new() }
    }

    /// The line above the panel.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// A line of small print under the title.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Adds a series on top of those before it.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Where the legend goes.
    pub fn legend(mut self, legend: Legend) -> Self {
        self.legend = legend;
        self
    }

    /// One sentence on what the panel shows, for those who cannot see it.
    pub(crate) fn description(&self) -> String {
        let named: Vec<&str> = self.series.iter().filter_map(|series| series.label.as_deref()).collect();
        let mut names = named.clone();
        names.dedup();
        let mut text = String::new();
        if !self.title.is_empty() {
            text += &format!("{}: ", self.title);
        }
        text += &format!("{} against {}", self.y.label, self.x.label);
        if !names.is_empty() {
            text += &format!("; shown: {}", names.join(", "));
        }
        text + "."
    }
}
