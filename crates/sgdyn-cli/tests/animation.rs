//! `--animate`: the file that comes of it, and what is refused.

mod common;

use std::path::Path;

use common::{SMALL, sgdyn};

/// Frames, width and height of an animated PNG whose every frame can be decoded.
fn decoded(bytes: &[u8]) -> (u32, u32, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
    let frames = reader.info().animation_control.expect("an animation").num_frames;
    for frame in 0..frames {
        let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
        reader.next_frame(&mut pixels).unwrap_or_else(|error| panic!("frame {frame}: {error}"));
    }
    (frames, reader.info().width, reader.info().height)
}

/// Runs the study with an animation; what is in its file.
fn animated(directory: &Path) -> Vec<u8> {
    let output = sgdyn(directory, &["run", "study.toml", "--out", "run", "--threads", "1", "--animate"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("animation: run/figures/animation.png"), "{told}");
    let bytes = std::fs::read(directory.join("run/figures/animation.png")).expect("it is there");
    let (frames, width, height) = decoded(&bytes);
    assert!((60..=120).contains(&frames) && width > 800 && height > 400, "{frames} {width} × {height}");
    assert!(bytes.len() < 5_000_000, "{} bytes", bytes.len());
    bytes
}

fn with_study(text: &str) -> tempfile::TempDir {
    common::with_study("study.toml", text)
}

#[test]
fn a_run_and_a_report_draw_the_same_animation_whatever_the_threads() {
    let directory = with_study(SMALL);
    let first = animated(directory.path());
    assert!(sgdyn(directory.path(), &["report", "run", "--animate=0"]).status.success());
    let again = std::fs::read(directory.path().join("run/figures/animation.png")).expect("it is there");
    assert!(again == first);
}

#[test]
fn an_escape_in_the_plane_is_animated() {
    let plane = SMALL
        .replace("x^4 - 2*x^2", "(x^2 - 1)^2 + y^2")
        .replace("start = [1.0]", "start = [1.0, 0.5]")
        .replace("replicas = 256", "replicas = 64");
    animated(with_study(&plane).path());
}

#[test]
fn what_cannot_be_animated_is_refused_before_anything_is_run() {
    let three = SMALL.replace("x^4 - 2*x^2", "(x^2 - 1)^2 + y^2 + z^2").replace("[1.0]", "[1.0, 0.0, 0.0]");
    let grid = SMALL.replace("max_time = 1e4", "solver = \"grid\"").replace("[ensemble]\nreplicas = 256", "");
    let stationary = sgdyn::study::ready::find("ou-stationary").expect("it is ready").text.to_owned();
    for (text, option, told) in [
        (three, "--animate", "of 3 coordinates: only escapes in one or two coordinates can be drawn"),
        (grid, "--animate", "a grid has no walkers to show: set escape.solver = \"ensemble\""),
        (stationary, "--animate", "of a study of the kind \"stationary\": only escapes are animated"),
        (
            SMALL.to_owned(),
            "--animate=2",
            "`--animate` is 2: the cells of this study are numbered from 0 to 1",
        ),
    ] {
        let directory = with_study(&text);
        let output = sgdyn(directory.path(), &["run", "study.toml", "--out", "run", option]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
        assert!(!directory.path().join("run").exists());
    }
}
