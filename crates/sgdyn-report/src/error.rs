//! What can go wrong when a figure is drawn.

/// A figure could not be turned into an image.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ReportError {
    /// The scale of a PNG is not a positive number, or it makes the image too large.
    #[error(
        "scale {scale} gives an image of {width:.0} × {height:.0} pixels: each side must be from 1 to {limit} pixels, so use a scale in ({smallest:.3}, {largest:.3})"
    )]
    Scale {
        /// The scale that was asked for.
        scale: f64,
        /// The width in pixels at that scale.
        width: f64,
        /// The height in pixels at that scale.
        height: f64,
        /// The largest side allowed, in pixels.
        limit: u32,
        /// The smallest scale that works for this figure.
        smallest: f64,
        /// The largest scale that works for this figure.
        largest: f64,
    },
    /// An animation without frames.
    #[error("an animation needs at least one frame")]
    NoFrames,
    /// The renderer refused the scene: a defect of this crate, with the renderer's words.
    #[error("the figure `{figure}` could not be rendered: {reason}")]
    Render {
        /// The title of the figure.
        figure: String,
        /// What the renderer said.
        reason: String,
    },
}
