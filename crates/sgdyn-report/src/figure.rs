//! A figure: a grid of panels under one title, drawn as SVG or PNG from the same scene.

use crate::layout;
use crate::raster;
use crate::svg::{self, Typeface};
use crate::{Panel, ReportError};

/// A grid of panels under one title.
///
/// ```
/// use sgdyn_report::{Axis, Figure, Panel, Series};
/// let panel = Panel::new(Axis::linear("β"), Axis::log("escape time τ"))
///     .series(Series::line([1.0, 3.0, 5.0], [2.703769, 24.389763, 177.370379]).label("exact"));
/// let figure = Figure::new("Escape from the double well").panel(panel);
/// assert!(figure.to_svg().starts_with("<svg"));
/// let png = figure.to_png(2.0)?;
/// assert_eq!(&png[1..4], b"PNG");
/// # Ok::<(), sgdyn_report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) description: String,
    pub(crate) panels: Vec<Panel>,
    pub(crate) columns: usize,
    pub(crate) share_x: bool,
    pub(crate) panel_width: f64,
    pub(crate) panel_height: f64,
    pub(crate) row_heights: Vec<f64>,
}

impl Figure {
    /// A figure without panels: one column of plot areas of 440 × 280 pixels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            description: String::new(),
            panels: Vec::new(),
            columns: 1,
            share_x: false,
            panel_width: 440.0,
            panel_height: 280.0,
            row_heights: Vec::new(),
        }
    }

    /// The line under the title.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the figure shows, for those who cannot see it. Without it a description is made from titles and labels.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a panel; panels fill the grid row by row.
    pub fn panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// The number of columns of the grid (at least 1).
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.max(1);
        self
    }

    /// Gives the panels of a column one x range, written under the lowest one only. It takes effect where they have the
    /// same kind of x scale.
    pub fn share_x(mut self) -> Self {
        self.share_x = true;
        self
    }

    /// The size of a plot area in pixels, without axes and labels; each side is kept within 60 and 4000 pixels.
    pub fn panel_size(mut self, width: f64, height: f64) -> Self {
        let sane =
            |side: f64, default: f64| if side.is_finite() { side.clamp(60.0, 4000.0) } else { default };
        self.panel_width = sane(width, self.panel_width);
        self.panel_height = sane(height, self.panel_height);
        self
    }

    /// Heights of the rows relative to the panel height, from the top: `[1.0, 0.4]` makes the second row low. Rows
    /// beyond the list have height 1.
    pub fn row_heights(mut self, heights: impl Into<Vec<f64>>) -> Self {
        self.row_heights = heights.into();
        self
    }

    /// The figure as a standalone SVG document with its font inside: the same bytes for the same figure.
    pub fn to_svg(&self) -> String {
        svg::document(&layout::arrange(self), "", Typeface::Embedded)
    }

    /// The figure as a PNG of `scale` pixels to one pixel of the SVG, drawn with the embedded font only.
    ///
    /// # Errors
    /// [`ReportError::Scale`] if the image would have no pixels or more than 16384 on a side.
    pub fn to_png(&self, scale: f64) -> Result<Vec<u8>, ReportError> {
        let scene = layout::arrange(self);
        raster::png(&svg::document(&scene, "", Typeface::Named), &scene, scale)
    }

    /// The figure inside a page that already has the font; `prefix` keeps its identifiers apart from those of others.
    pub(crate) fn to_inline_svg(&self, prefix: &str) -> String {
        svg::document(&layout::arrange(self), prefix, Typeface::Named)
    }

    /// The text that stands for the figure.
    pub(crate) fn alternative(&self) -> String {
        if !self.description.is_empty() {
            return self.description.clone();
        }
        let panels: Vec<String> = self.panels.iter().map(Panel::description).collect();
        [vec![self.title.clone(), self.subtitle.clone()], panels]
            .concat()
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }
}
