//! Figures (SVG, PNG) and self-contained HTML reports, from plain numbers.
//!
//! A [`Figure`] is a grid of [`Panel`]s; a panel has two [`Axis`] and any number of [`Series`]. [`detail_figures`] draws
//! tables of known names. A [`Report`] puts [`Verdict`]s, figures, [`Table`]s, settings and provenance on one page. The
//! font is embedded: the pictures need nothing from the machine and are the same everywhere. No input makes this crate
//! panic: values without a place in a picture are left out and counted in a note.

#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "`write!` to a string would litter markup with results that cannot be errors"
)]

mod animation;
mod axis;
mod detail;
mod error;
mod escape;
mod figure;
mod font;
mod html;
mod layout;
mod number;
mod palette;
mod panel;
mod plot;
mod raster;
mod report;
mod scale;
mod scene;
mod series;
mod svg;
mod table;
mod ticks;

pub use animation::Animation;
pub use axis::{Axis, Scale};
pub use detail::{DetailFigure, Wording, detail_figures};
pub use error::ReportError;
pub use figure::Figure;
pub use number::{estimate, significant};
pub use panel::{Legend, Panel};
pub use report::{Holds, Report, Verdict};
pub use series::{Dash, HeatMap, Series};
pub use table::{Column, Table, Values};
