//! Figures shown one after the other, as one animated PNG.
//!
//! APNG rather than GIF: every colour of the figures as it is (a GIF has 256, so smooth edges and heat maps band), half the size
//! since a frame holds only what changed and is deflated, and no further dependency. Browsers, notebooks and code hosts play it;
//! a viewer that does not shows the first frame.

use png::{BitDepth, BlendOp, ColorType, DisposeOp, Encoder, Writer};
use resvg::tiny_skia::Pixmap;

use crate::scene::Scene;
use crate::svg::{self, Typeface};
use crate::{Figure, ReportError, layout, raster};

/// Figures in the order of time.
///
/// The figures should agree in the ranges of their axes and in what is written outside the plots, so that nothing jumps. The
/// picture is as large as the largest of them.
///
/// ```
/// use sgdyn_report::{Animation, Axis, Figure, Panel, Series};
/// let frame = |x: f64| {
///     let panel = Panel::new(Axis::linear("x").range(0.0, 1.0), Axis::linear("y").range(0.0, 1.0));
///     Figure::new("A point on its way").panel(panel.series(Series::points([x], [x])))
/// };
/// let apng = Animation::new([0.0, 0.5, 1.0].map(frame)).to_apng(1.0, 2)?;
/// assert_eq!(&apng[1..4], b"PNG");
/// # Ok::<(), sgdyn_report::ReportError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Animation {
    frames: Vec<Figure>,
    per_second: u16,
    hold: u16,
}

impl Animation {
    /// Twenty frames a second; the last one stays for two seconds before it begins again.
    pub fn new(frames: impl Into<Vec<Figure>>) -> Self {
        Self { frames: frames.into(), per_second: 20, hold: 2 }
    }

    /// How many frames pass in a second (at least 1).
    pub fn per_second(mut self, frames: u16) -> Self {
        self.per_second = frames.max(1);
        self
    }

    /// How many seconds the last frame stays.
    pub fn hold(mut self, seconds: u16) -> Self {
        self.hold = seconds;
        self
    }

    /// The number of frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The animated PNG, `scale` pixels to one pixel of the figures, drawn in so many threads: the same bytes for any number
    /// of them.
    ///
    /// # Errors
    /// [`ReportError::Scale`] as for a figure; [`ReportError::NoFrames`].
    pub fn to_apng(&self, scale: f64, threads: usize) -> Result<Vec<u8>, ReportError> {
        let mut scenes: Vec<Scene> = self.frames.iter().map(layout::arrange).collect();
        let largest = |side: fn(&Scene) -> f64| scenes.iter().map(side).fold(0.0, f64::max);
        let (width, height) = (largest(|scene| scene.width), largest(|scene| scene.height));
        for scene in &mut scenes {
            (scene.width, scene.height) = (width, height);
        }
        let mut bytes = Vec::new();
        self.write(&scenes, scale, threads.max(1), &mut bytes)?;
        Ok(bytes)
    }

    fn write(
        &self,
        scenes: &[Scene],
        scale: f64,
        threads: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ReportError> {
        let [first, rest @ ..] = scenes else { return Err(ReportError::NoFrames) };
        let failed = |error: png::EncodingError| ReportError::Render {
            figure: first.title.clone(),
            reason: error.to_string(),
        };
        let delay = |last: bool| if last { (self.hold, 1) } else { (1, self.per_second) };
        let mut before = draw(first, scale)?;
        let mut writer =
            begin(bytes, &before, scenes.len() as u32, delay(rest.is_empty())).map_err(failed)?;
        let mut left = rest.len();
        // Few pictures are in memory at a time.
        for batch in rest.chunks(2 * threads) {
            for pixels in draw_all(batch, scale, threads) {
                let pixels = pixels?;
                left -= 1;
                write_change(&mut writer, &before, &pixels, delay(left == 0)).map_err(failed)?;
                before = pixels;
            }
        }
        writer.finish().map_err(failed)
    }
}

fn draw(scene: &Scene, scale: f64) -> Result<Pixmap, ReportError> {
    raster::pixels(&svg::document(scene, "", Typeface::Named), scene, scale)
}

/// Draws some scenes, in order.
fn draw_all(scenes: &[Scene], scale: f64, threads: usize) -> Vec<Result<Pixmap, ReportError>> {
    std::thread::scope(|scope| {
        let parts: Vec<_> = scenes
            .chunks(scenes.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.iter().map(|scene| draw(scene, scale)).collect::<Vec<_>>()))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

type Delay = (u16, u16);

/// The head of the file with its first frame.
fn begin<'a>(
    bytes: &'a mut Vec<u8>,
    pixels: &Pixmap,
    frames: u32,
    delay: Delay,
) -> Result<Writer<&'a mut Vec<u8>>, png::EncodingError> {
    let mut encoder = Encoder::new(bytes, pixels.width(), pixels.height());
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_animated(frames, 0)?;
    encoder.set_frame_delay(delay.0, delay.1)?;
    encoder.set_dispose_op(DisposeOp::None)?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels.data())?;
    Ok(writer)
}

/// A frame as the least rectangle that holds all changes; what stays in it is transparent, which packs to nothing.
fn write_change(
    writer: &mut Writer<&mut Vec<u8>>,
    before: &Pixmap,
    after: &Pixmap,
    delay: Delay,
) -> Result<(), png::EncodingError> {
    let width = after.width() as usize;
    let (old, new) = (before.data(), after.data());
    let differs = |pixel: usize| old[4 * pixel..4 * pixel + 4] != new[4 * pixel..4 * pixel + 4];
    let changed = (0..new.len() / 4).filter(|&pixel| differs(pixel));
    // Without any change one pixel is shown again.
    let nothing = (usize::MAX, 0, usize::MAX, 0);
    let (left, right, top, bottom) = changed.fold(nothing, |(left, right, top, bottom), pixel| {
        let (x, y) = (pixel % width, pixel / width);
        (left.min(x), right.max(x), top.min(y), bottom.max(y))
    });
    let (left, top) = if left == usize::MAX { (0, 0) } else { (left, top) };
    let mut data = Vec::with_capacity(4 * (right + 1 - left) * (bottom + 1 - top));
    for y in top..=bottom {
        for pixel in y * width + left..=y * width + right {
            if differs(pixel) {
                data.extend_from_slice(&new[4 * pixel..4 * pixel + 4]);
            } else {
                data.extend_from_slice(&[0; 4]);
            }
        }
    }
    writer.reset_frame_position()?;
    writer.set_frame_dimension((right + 1 - left) as u32, (bottom + 1 - top) as u32)?;
    writer.set_frame_position(left as u32, top as u32)?;
    writer.set_frame_delay(delay.0, delay.1)?;
    // Little is there but equal gaps: prediction from neighbours would only spread it.
    writer.set_filter(png::Filter::NoFilter);
    writer.set_blend_op(BlendOp::Over)?;
    writer.set_dispose_op(DisposeOp::None)?;
    writer.write_image_data(&data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Panel, Series};

    fn frame(x: f64) -> Figure {
        let axis = || Axis::linear("x").range(0.0, 1.0);
        let panel = Panel::new(axis(), axis()).series(Series::points([x], [x]));
        Figure::new("way").panel(panel.series(Series::line([0.0, x], [1.0, 1.0 - x])))
    }

    /// What a viewer shows after each frame, by the rules of the format.
    fn shown(apng: &[u8]) -> (u32, Vec<Vec<u8>>) {
        let decoder = png::Decoder::new(std::io::Cursor::new(apng));
        let mut reader = decoder.read_info().unwrap();
        let (width, height) = (reader.info().width, reader.info().height);
        let frames = reader.info().animation_control.unwrap().num_frames;
        let mut canvas = vec![0; (4 * width * height) as usize];
        let mut all = Vec::new();
        for _ in 0..frames {
            let mut part = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut part).unwrap();
            let control = *reader.info().frame_control().unwrap();
            for (index, pixel) in part.chunks(4).take((control.width * control.height) as usize).enumerate() {
                let (x, y) = (index as u32 % control.width, index as u32 / control.width);
                let at = 4 * ((control.y_offset + y) * width + control.x_offset + x) as usize;
                if pixel[3] > 0 {
                    canvas[at..at + 4].copy_from_slice(pixel);
                }
            }
            all.push(canvas.clone());
        }
        (width, all)
    }

    #[test]
    fn what_is_shown_is_every_figure_in_turn() {
        let places = [0.1, 0.4, 0.4, 0.9, 0.2];
        let animation = Animation::new(places.map(frame));
        let apng = animation.to_apng(1.0, 3).unwrap();
        let (width, canvases) = shown(&apng);
        assert_eq!(canvases.len(), 5);
        for (canvas, place) in canvases.iter().zip(places) {
            let scene = layout::arrange(&frame(place));
            let alone = raster::pixels(&svg::document(&scene, "", Typeface::Named), &scene, 1.0).unwrap();
            assert_eq!(width, alone.width());
            assert!(canvas == alone.data());
        }
        assert!(canvases[0] != canvases[1] && canvases[1] == canvases[2]);
        for threads in [1, 2, 8] {
            assert!(animation.to_apng(1.0, threads).unwrap() == apng, "{threads} threads");
        }
    }

    #[test]
    fn nothing_to_show_is_an_error() {
        assert_eq!(Animation::new([]).to_apng(1.0, 1), Err(ReportError::NoFrames));
        assert!(matches!(Animation::new([frame(0.0)]).to_apng(0.0, 1), Err(ReportError::Scale { .. })));
    }
}
