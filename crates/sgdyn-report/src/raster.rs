//! SVG to pixels and PNG, with the embedded font and no other.

use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::scene::Scene;
use crate::{ReportError, font};

/// The largest side of an image in pixels: 16384 × 16384 pixels take 1 GiB.
const LARGEST_SIDE: u32 = 16384;

/// Renders `svg`, which shows `scene`, at `scale`, as a PNG.
pub(crate) fn png(svg: &str, scene: &Scene, scale: f64) -> Result<Vec<u8>, ReportError> {
    let failed = |reason: String| ReportError::Render { figure: scene.title.clone(), reason };
    pixels(svg, scene, scale)?.encode_png().map_err(|error| failed(error.to_string()))
}

/// Renders `svg`, which shows `scene`, at `scale`, on paper.
pub(crate) fn pixels(svg: &str, scene: &Scene, scale: f64) -> Result<Pixmap, ReportError> {
    let (width, height) = ((scene.width * scale).round(), (scene.height * scale).round());
    let allowed = 1.0..=f64::from(LARGEST_SIDE);
    if !(scale > 0.0 && allowed.contains(&width) && allowed.contains(&height)) {
        return Err(ReportError::Scale {
            scale,
            width,
            height,
            limit: LARGEST_SIDE,
            smallest: 1.0 / scene.width.min(scene.height),
            largest: f64::from(LARGEST_SIDE) / scene.width.max(scene.height),
        });
    }
    let failed = |reason: String| ReportError::Render { figure: scene.title.clone(), reason };
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(font::TRUETYPE.to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    let options =
        Options { fontdb: Arc::new(fonts), font_family: "DejaVu Sans".to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let mut pixels = Pixmap::new(width as u32, height as u32)
        .ok_or_else(|| failed("no memory for the image".to_owned()))?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    Ok(pixels)
}
